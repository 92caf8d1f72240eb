import type { GateFacts } from "../../model/gate-facts.ts";
import type { CheckDemand } from "../../model/pipeline.ts";
import type { Plan } from "../../model/plan.ts";
import type { Digest } from "../../model/primitives.ts";
import { type FlawsInput, type KnownFlaw, withFlaws } from "../../policy/flaws.ts";
import { readRelease } from "../../store/queries/catalogue.ts";
import { flawsIn, type ReleaseFlaw } from "../../store/queries/components.ts";
import { deniedBefore } from "../../store/queries/contradictions.ts";
import type { Engine } from "../engine.ts";
import { countsOf } from "../facts/findings.ts";
import { openFindings } from "../findings/open-findings.ts";
import { isProduct } from "../findings/product.ts";

/** What is published of a release's components, as a gate counts it. */
export interface Flaws {
  readonly input: FlawsInput;
  /** Names of those that what is live has as well. */
  readonly inLive: ReadonlySet<string>;
}

/**
 * Undefined where nothing is published of it, or nobody knows what it is made of. What somebody set aside here (VEX, a
 * false positive, an accepted risk) is not counted: by the same word as when a scan had found it.
 */
export async function knownFlaws(engine: Engine, plan: Plan): Promise<Flaws | undefined> {
  const live = plan.live?.release ?? null;
  const flaws = await flawsIn(engine.db, live === null ? [plan.release] : [plan.release, live]);
  const own = flaws.get(plan.release) ?? [];
  if (own.length === 0) return undefined;
  const aside = await setAside(engine, plan, own);
  const known = own.filter((flaw) => !namesOf(flaw).some((name) => aside.has(name)));
  if (known.length === 0) return undefined;
  const inLive = live === null ? [] : (flaws.get(live) ?? []);
  return {
    input: { known: known.map(knownFlaw), lookedFor: looksForFlaws(engine, plan.checks) },
    inLive: new Set(inLive.flatMap(namesOf)),
  };
}

/** The facts as rules see them. */
export function countFlaws(facts: GateFacts, flaws: Flaws | undefined): GateFacts {
  return flaws === undefined ? facts : withFlaws(facts, flaws.input.known, flaws.inLive, countsOf);
}

export function knownFlaw(flaw: ReleaseFlaw): KnownFlaw {
  return {
    advisory: flaw.advisory,
    aliases: [...flaw.aliases],
    fixedIn: flaw.fixed_in,
    package: flaw.package,
    severity: flaw.severity,
    since: flaw.since.toISOString(),
    version: flaw.version,
  };
}

export function namesOf({
  advisory,
  aliases,
}: Pick<ReleaseFlaw, "advisory" | "aliases">): string[] {
  return [advisory, ...aliases];
}

/** Names of the checks that would find a flaw of a dependency. */
export function looksForFlaws(
  { checks }: Pick<Engine, "checks">,
  demands: readonly Pick<CheckDemand, "name" | "uses">[],
): readonly string[] {
  const looks = demands.filter(({ uses }) => checks.get(uses)?.scans?.includes("dependencies"));
  return looks.map(({ name }) => name).sort();
}

/** Names of what is set aside for this release here, and open under no other number. */
async function setAside(
  engine: Engine,
  { lane, release, live }: Plan,
  own: readonly ReleaseFlaw[],
): Promise<ReadonlySet<string>> {
  const aside = new Set<string>();
  const open = new Set<string>();
  const { signal } = new AbortController();
  const asked = { lane, release, live: live?.release ?? null, promotion: null, patienceMs: 0 };
  const read = await openFindings(engine, { ...asked, signal }, (one) => {
    const into = one.setAside !== null || one.waiver !== null ? aside : open;
    for (const name of [one.rule, ...one.aliases]) into.add(name);
  });
  // Where the records are not what the ledger says, nobody's word sets anything aside.
  if (read.changed !== null) return new Set();
  for (const name of await statedBefore(engine, release, lane.service, own)) aside.add(name);
  return new Set([...aside].filter((name) => !open.has(name)));
}

/** What issuers that count said of a flaw before any scan had seen it: such a statement has no finding. */
async function statedBefore(
  { db }: Engine,
  release: Digest,
  service: string,
  own: readonly ReleaseFlaw[],
): Promise<readonly string[]> {
  const words = await deniedBefore(db, release, own.flatMap(namesOf));
  if (words.length === 0) return [];
  const row = await readRelease(db, release);
  const digests = [release, ...(row?.content.artifacts ?? []).map(({ digest }) => digest)];
  const product = { service, version: row?.version ?? "", digests };
  return words
    .filter(({ scope }) => scope === null || isProduct(scope, product))
    .flatMap(({ names }) => names);
}
