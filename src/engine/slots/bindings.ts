import { randomUUID } from "node:crypto";
import type { Configuration, SecretReference } from "../../model/configuration.ts";
import { canonicalJson } from "../../model/canonical.ts";
import { TidelockError } from "../../model/errors.ts";
import { type Lane, laneKey } from "../../model/primitives.ts";
import type { Engine } from "../engine.ts";

export type BindingsKind = "isolated" | "live";

interface Bindings {
  readonly values: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, SecretReference>>;
}

/** What a colour gets: while idle and under test, the isolated keys stand in place of the live ones. */
export function bindingsOf(configuration: Configuration, kind: BindingsKind): Bindings {
  if (kind === "live") return { values: configuration.values, secrets: configuration.secrets };
  const { isolated } = configuration;
  const replaced = new Set([...Object.keys(isolated.values), ...Object.keys(isolated.secrets)]);
  const kept = <T>(entries: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(entries).filter(([key]) => !replaced.has(key)));
  return {
    values: { ...kept(configuration.values), ...isolated.values },
    secrets: { ...kept(configuration.secrets), ...isolated.secrets },
  };
}

/** Names of the keys in which the tested instances differed from those that users meet (law 10). */
export function bindingsDifference(configuration: Configuration): readonly string[] {
  const isolated = flatten(bindingsOf(configuration, "isolated"));
  const live = flatten(bindingsOf(configuration, "live"));
  const keys = new Set([...isolated.keys(), ...live.keys()]);
  return [...keys].filter((key) => isolated.get(key) !== live.get(key)).sort();
}

/** All keys that a configuration gives, values and secrets. */
export function givenKeys(configuration: Configuration): readonly string[] {
  return [...Object.keys(configuration.values), ...Object.keys(configuration.secrets)];
}

function flatten({ values, secrets }: Bindings): Map<string, string> {
  return new Map([
    ...Object.entries(values).map(([key, value]) => [key, `value:${value}`] as const),
    ...Object.entries(secrets).map(([key, ref]) => [key, `secret:${canonicalJson(ref)}`] as const),
  ]);
}

/**
 * Secrets become values here and go nowhere but to the target. Throws `not-found` naming the reference.
 */
export async function resolveBindings(
  engine: Engine,
  lane: Lane,
  configuration: Configuration,
  kind: BindingsKind,
): Promise<Record<string, string>> {
  const { values, secrets } = bindingsOf(configuration, kind);
  const entries: Record<string, string> = { ...values };
  for (const [key, reference] of Object.entries(secrets)) {
    const provider = engine.secrets.get(reference.provider);
    if (!provider) {
      throw new TidelockError(
        "unsupported",
        `${key} names the secret provider ${reference.provider}, which this server does not have`,
        { fault: "operator", where: key, hint: `it has: ${[...engine.secrets.keys()].join(", ")}` },
      );
    }
    entries[key] = await provider.resolve(lane, reference);
  }
  return entries;
}

/** Says in the ledger that secrets are read, and what for, before anybody has them. Names, never values. */
export async function recordSecretRead(
  engine: Pick<Engine, "ledger" | "db">,
  lane: Lane,
  read: { readonly for: string; readonly references: readonly SecretReference[] },
): Promise<void> {
  const { references } = read;
  if (references.length === 0) return;
  const named = new Map(references.map((one) => [canonicalJson(one), one]));
  await engine.ledger.append(engine.db, {
    operation: `secret-read/${randomUUID()}`,
    kind: "secret.read",
    stream: laneKey(lane),
    actor: "tidelock",
    payload: { for: read.for, secrets: [...named.values()] },
  });
}

/** What must appear in no report: the value of every secret, whichever bindings name it. */
export async function secretValues(
  engine: Engine,
  lane: Lane,
  configuration: Configuration,
): Promise<readonly string[]> {
  const references = [
    ...Object.values(configuration.secrets),
    ...Object.values(configuration.isolated.secrets),
  ];
  await recordSecretRead(engine, lane, { for: "keeping them out of a report", references });
  const values: string[] = [];
  for (const kind of ["isolated", "live"] as const) {
    const { secrets } = bindingsOf(configuration, kind);
    const entries = await resolveBindings(engine, lane, configuration, kind);
    values.push(...Object.keys(secrets).flatMap((key) => entries[key] ?? []));
  }
  return [...new Set(values)];
}
