import type { Configuration, SecretReference } from "../model/configuration.ts";
import { withoutFaults } from "../model/faults.ts";
import type { GatePreset } from "../model/pipeline.ts";
import { compareText, type Ground, ground } from "./decide.ts";

/** Something of the live side that a colour under test is given as well. */
export interface BindingGap {
  readonly key: string;
  readonly what: "secret" | "endpoint";
}

/** What the rule looks at; plain data, so that a decision can be made again. */
export interface TestBindings {
  /** Checks of the deployed release that attack, write or load. */
  readonly intrusive: readonly string[];
  readonly gaps: readonly BindingGap[];
  /** Those of them that do not wait for a proof of isolation: nothing they need is a check `isolation`. */
  readonly unproven?: readonly string[] | undefined;
}

/** What the rule reads of a demand. */
export interface NeedingCheck {
  readonly name: string;
  readonly uses: string;
  readonly needs?: readonly string[] | undefined;
}

/** The adapter that proves a colour's isolation. */
const prover = "isolation";

/** Of `intrusive`, the names of checks that neither prove isolation nor wait, by any path, for one that does. */
export function unprovenChecks(
  checks: readonly NeedingCheck[],
  intrusive: readonly string[],
): readonly string[] {
  const waits = (name: string, seen: ReadonlySet<string>): boolean => {
    const check = checks.find((one) => one.name === name);
    if (check === undefined || seen.has(name)) return false;
    if (check.uses === prover) return true;
    return (check.needs ?? []).some((needed) => waits(needed, new Set([...seen, name])));
  };
  return intrusive.filter((name) => !waits(name, new Set())).sort();
}

const endpointKey =
  /(^|_)(URL|URI|HOST|HOSTNAME|HOSTS|ADDR|ADDRESS|ENDPOINT|DSN|SERVER|SERVERS|BROKER|BROKERS|WEBHOOK)$/i;
const url = /^[a-z][a-z0-9+.-]*:(?:\/\/[^/\s]+|[^\s/]+@[^\s/]+)/i;
const hostPort = /^\[?[A-Za-z0-9._:-]*[A-Za-z0-9]\]?:\d{2,5}(?:,|$)/;
const mailbox = /^[^\s@]+@[^\s@]+\.[^\s@.]+$/;

/** Whether a value looks like a place that something can be sent to. Errs on the side of yes. */
export function looksLikeEndpoint(key: string, value: string): boolean {
  const text = value.trim();
  if (text === "") return false;
  return endpointKey.test(key) || url.test(text) || hostPort.test(text) || mailbox.test(text);
}

/**
 * Keys by which a colour under test could harm the live side: secrets and endpoints that `isolated` leaves
 * in place or names again, and that their owner has not listed as `shared`. Names only (law 11). Pure.
 *
 * @param bindings what the tested instances get; with `live` (strategy recreate) nothing is replaced
 */
export function bindingGaps(
  configuration: Configuration,
  bindings: "isolated" | "live" = "isolated",
): readonly BindingGap[] {
  const shared = new Set(configuration.shared ?? []);
  const isolated = bindings === "isolated" ? configuration.isolated : { values: {}, secrets: {} };
  const replaced = new Set([...Object.keys(isolated.values), ...Object.keys(isolated.secrets)]);
  const liveSecrets = new Set(Object.values(configuration.secrets).map(nameOf));
  const gaps: BindingGap[] = [];
  for (const key of Object.keys(configuration.secrets)) {
    if (!replaced.has(key)) gaps.push({ key, what: "secret" });
  }
  for (const [key, reference] of Object.entries(isolated.secrets)) {
    if (liveSecrets.has(nameOf(reference))) gaps.push({ key, what: "secret" });
  }
  for (const [key, value] of Object.entries(configuration.values)) {
    const again = isolated.values[key];
    const kept = !replaced.has(key) || (again !== undefined && withoutFaults(again) === value);
    if (kept && looksLikeEndpoint(key, value)) gaps.push({ key, what: "endpoint" });
  }
  return gaps.filter(({ key }) => !shared.has(key)).sort((a, b) => compareText(a.key, b.key));
}

/** The version does not count: an older one may still be valid. */
function nameOf({ provider, name }: SecretReference): string {
  return JSON.stringify([provider, name]);
}

/**
 * Whether intrusive checks may be demanded on a colour with these bindings: the strict preset refuses where
 * something of the live side is left in place, or where they do not wait for a proof; the baseline says so.
 */
export function bindingsGround(preset: GatePreset, bindings: TestBindings): readonly Ground[] {
  const { intrusive } = bindings;
  if (intrusive.length === 0) return [];
  return [gapsGround(preset, bindings), ...proofGround(preset, bindings.unproven ?? [])];
}

function proofGround(preset: GatePreset, unproven: readonly string[]): readonly Ground[] {
  if (unproven.length === 0) return [];
  const message = `intrusive checks (${unproven.join(", ")}) do not wait for a proof that the colour under test is isolated: let them need a check that uses \`isolation\``;
  return [ground(preset === "strict" ? "deny" : "allow", "isolation-proof", message)];
}

function gapsGround(preset: GatePreset, { intrusive, gaps }: TestBindings): Ground {
  if (gaps.length === 0) {
    const message =
      "by its configuration the colour under test holds no secret and no address of the live side; the check `isolation` proves it";
    return ground("allow", "bindings", message);
  }
  const keys = gaps.map(({ key, what }) => `${key} (${what})`).join(", ");
  const message =
    `intrusive checks (${[...intrusive].sort().join(", ")}) would run with ${keys} of the live side; ` +
    "replace them with `tidelock config set --isolated` or `--isolated-secret`, or say `--shared` of those that can do no harm";
  return ground(preset === "strict" ? "deny" : "allow", "bindings", message);
}
