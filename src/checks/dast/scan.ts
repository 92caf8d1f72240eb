import type { CheckContext } from "../../ports/check.ts";
import type { TargetAddress } from "../targets.ts";
import { accessAttacks, lastAttacks, pointAttacks } from "./attacks/catalogue.ts";
import type { SiteAttack } from "./attacks/attack.ts";
import { Canary } from "./canary.ts";
import type { Finding } from "./finding.ts";
import { Lab } from "./lab.ts";
import { judgeHeaders } from "./passive.ts";
import type { DastConfiguration } from "./schema.ts";
import { type Identity, openSessions } from "../probing/identity.ts";
import { BudgetSpent, Prober } from "../probing/prober.ts";
import { crawl, type Crawled } from "./surface/crawl.ts";
import { readDescription } from "../probing/description.ts";
import { isWanted, withSeenValues } from "./surface/learn.ts";
import { changedOperations } from "../probing/openapi.ts";
import { keyOf, type Operation, type RawRequest } from "../probing/operation.ts";
import { Surface } from "./surface/surface.ts";
import { Watch } from "./watch.ts";

/** What came of a scan of one address. */
export interface ScanResult {
  readonly findings: readonly Finding[];
  readonly requests: number;
  readonly assertions: number;
  /** `METHOD /template` of what answered. */
  readonly routes: readonly string[];
  readonly identities: number;
  readonly pages: number;
  /** Why it is not whole; empty when it is. */
  readonly gaps: readonly string[];
  /** Why it says nothing; null when it does. */
  readonly hollow: string | null;
  readonly secrets: readonly string[];
  /** What nothing was answered to. */
  readonly failed: number;
  readonly lastFailure: string;
}

export interface ScanOptions {
  /** For tests: every request, in order. */
  readonly log?: (request: RawRequest) => void;
}

/** The whole scan: learn, sign in, crawl, attack, look back. Reads as what it does. */
export async function scan(
  context: Pick<CheckContext, "signal" | "timeoutMs">,
  configuration: DastConfiguration,
  target: TargetAddress,
  options: ScanOptions = {},
): Promise<ScanResult> {
  const rate = configuration.mode === "passive" ? 10 : Number.POSITIVE_INFINITY;
  const limits = {
    ...configuration.limits,
    requestsPerSecond: Math.min(rate, configuration.limits.requestsPerSecond),
  };
  // What was found until then is worth more than being stopped from outside.
  const forMs = context.timeoutMs * 0.9;
  const prober = new Prober(
    target,
    { ...configuration, limits },
    context.signal,
    forMs,
    options.log,
  );
  const surface = new Surface();
  const watch = new Watch();
  const gaps: string[] = [];
  await using stack = new AsyncDisposableStack();
  const active = configuration.mode === "active";
  const canary =
    active && configuration.canary !== null
      ? stack.use(await Canary.open(configuration.canary.address))
      : null;
  let lab = new Lab({ prober, surface, configuration, identities: [], canary, watch: () => {} });
  let pages: Crawled["answers"] = [];
  let signedIn: readonly Identity[] = [];
  try {
    const wanted = await learn(configuration, prober, surface);
    if (active) {
      const sessions = await openSessions(configuration, prober);
      signedIn = sessions.identities;
      gaps.push(...sessions.problems);
    }
    lab = new Lab({
      prober,
      surface,
      configuration,
      identities: signedIn,
      canary,
      watch: (seen) => watch.take(seen),
    });
    pages = await explore(lab, wanted);
    if (active) await attack(lab, watch, wanted);
    await watch.confirm(lab);
    await judgeHeaders(lab, pages);
  } catch (error) {
    if (!(error instanceof BudgetSpent)) throw error;
    gaps.push(`${error.message} before the scan had ended`);
  }
  return {
    findings: lab.findings,
    requests: prober.answered,
    assertions: lab.assertions,
    routes: [...new Set([...lab.exercised, ...surface.reachedBy.keys()])].sort(),
    identities: signedIn.length,
    pages: pages.length,
    gaps,
    hollow: hollowness(configuration, prober, pages, lab),
    secrets: signedIn.flatMap(({ secrets }) => secrets),
    failed: prober.failed,
    lastFailure: prober.lastFailure,
  };
}

/** Reads the API's description, and which of its routes the release changed. Null: all are wanted. */
async function learn(
  configuration: DastConfiguration,
  prober: Prober,
  surface: Surface,
): Promise<ReadonlySet<string> | null> {
  const { openapi, routes, baseline } = configuration;
  const described = openapi === undefined ? [] : await readDescription(openapi, prober);
  for (const operation of described) surface.add(operation);
  if (Array.isArray(routes)) return new Set(routes);
  if (routes === "all" || openapi === undefined || baseline === undefined) return null;
  return changedOperations(described, await readDescription(baseline, prober));
}

/** As a stranger, then as everybody who has an account. */
async function explore(lab: Lab, wanted: ReadonlySet<string> | null): Promise<Crawled["answers"]> {
  const { surface, prober, configuration } = lab;
  const answers = [...(await crawl(surface, prober, configuration, null)).answers];
  for (const identity of lab.identities) {
    answers.push(...(await crawl(surface, prober, configuration, identity)).answers);
  }
  for (const operation of surface.operations) surface.add(withSeenValues(operation, surface));
  // What is given away without being asked for counts too.
  for (const { path, answer, identity } of answers) {
    const operation = surface.addLink(path, "link");
    if (!isWanted(operation, wanted)) continue;
    lab.see({
      operation: surface.describe(operation),
      parameter: null,
      request: { method: "GET", path, headers: {} },
      answer,
      actor: identity,
    });
  }
  return answers;
}

async function attack(lab: Lab, watch: Watch, wanted: ReadonlySet<string> | null): Promise<void> {
  lab.limitTo(wanted);
  for (const one of accessAttacks) await runSite(lab, one);
  for (const operation of inOrder(lab.surface.operations)) {
    if (!isWanted(operation, wanted) || lab.prober.avoids(operation)) continue;
    await attackOperation(lab, withSeenValues(operation, lab.surface));
    for (const file of watch.files) lab.namedFiles.add(file);
  }
  for (const one of lastAttacks) await runSite(lab, one);
}

async function runSite(lab: Lab, one: SiteAttack): Promise<void> {
  if (!lab.configuration.skip.includes(one.id)) await one.run(lab);
}

async function attackOperation(lab: Lab, operation: Operation): Promise<void> {
  const actor = await actorFor(lab, operation);
  const baseline = await lab.ask(operation, [], actor);
  if (baseline === null) return;
  for (const parameter of operation.parameters) {
    const point = lab.point(operation, parameter, actor, baseline.answer);
    for (const one of pointAttacks) {
      if (lab.configuration.skip.includes(one.id) || one.applies?.(point, lab) === false) continue;
      lab.assertions += 1;
      for (const found of await one.run(point, lab)) lab.report(point, found);
    }
  }
}

/** A stranger where a stranger is answered: what needs no session is the worse for it. */
async function actorFor(lab: Lab, operation: Operation): Promise<Identity | null> {
  const [first] = lab.identities;
  if (first === undefined || operation.secured === false) return null;
  const stranger = await lab.ask(operation, [], null);
  const refused =
    stranger === null ||
    stranger.answer.status === 401 ||
    stranger.answer.status === 403 ||
    (stranger.answer.status >= 300 && stranger.answer.status < 400);
  return refused || operation.secured === true ? first : null;
}

const order = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** What only reads comes first, what deletes comes last. */
function inOrder(operations: readonly Operation[]): readonly Operation[] {
  return operations.toSorted(
    (a, b) => order.indexOf(a.method) - order.indexOf(b.method) || compare(keyOf(a), keyOf(b)),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Nothing but a sign-in page, errors or silence was seen: then nothing was tested. */
function hollowness(
  { identities }: DastConfiguration,
  prober: Prober,
  pages: Crawled["answers"],
  lab: Lab,
): string | null {
  if (prober.answered === 0)
    return `nothing answers: ${prober.lastFailure || "no request was sent"}`;
  if (pages.length === 0 && lab.exercised.size === 0) return "no page and no route answered";
  if (
    pages.length > 0 &&
    lab.identities.length === 0 &&
    pages.every(({ answer }) => lab.isSignIn(answer))
  ) {
    return identities.length === 0
      ? "only a sign-in page was seen, and no identity is configured"
      : "only a sign-in page was seen: nobody could be signed in";
  }
  return null;
}
