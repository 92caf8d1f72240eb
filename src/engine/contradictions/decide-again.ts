import { digestOfText } from "../../model/canonical.ts";
import { inputsText } from "../../policy/decide.ts";
import { leansOf } from "../../policy/leans.ts";
import type { Plan } from "../../model/plan.ts";
import { asTidelockError } from "../../model/errors.ts";
import { type Digest, laneKey } from "../../model/primitives.ts";
import { withFlaws } from "../../policy/flaws.ts";
import type { GateInput } from "../../policy/gate.ts";
import { decideOnceMore, type Fresh, type OnceMore } from "../../policy/once-more.ts";
import { flawsIn, type ReleaseFlaw } from "../../store/queries/components.ts";
import { keptTexts, type Standing, type ToKeep } from "../../store/queries/contradictions.ts";
import { readPromotion } from "../../store/queries/promotions.ts";
import { namedLike } from "../../store/queries/findings-named.ts";
import type { Db } from "../../store/schema.ts";
import { knownPlan } from "../attestations/attest-promotion.ts";
import type { Engine } from "../engine.ts";
import { shownNow } from "../decisions/evidence.ts";
import { countsOf } from "../facts/findings.ts";
import { knownFlaw, looksForFlaws, namesOf } from "./flaws.ts";

/** What was decided once more about one standing; null: nothing that could be decided from is kept. */
export interface DecidedAgain {
  readonly standing: Standing;
  readonly found: Found | null;
}

export interface Found {
  readonly contradicted: OnceMore["contradicted"];
  /** Null where it stands as before: nothing is written then. */
  readonly decided: ToKeep | null;
}

/** Inputs that are held at once: a decision may be over ten thousand findings, and is far longer read than written. Bytes. */
const mostAtOnce = 8_000_000;

/**
 * Decides many standings once more. Where nothing but advisories has changed since, that is the kept inputs with what is
 * published of the components, and takes less than a millisecond; all others are gathered anew, one after the other, at
 * most `mostAnew` of them: the rest is left for the next turn, and so are those of which something could not be gathered,
 * and what is more than `mostAtOnce`.
 */
export async function decideAgainAll(
  engine: Engine,
  tx: Db,
  standings: readonly Standing[],
  now: Date,
  failed?: (standing: Standing) => void,
): Promise<readonly DecidedAgain[]> {
  const some = withinReach(standings);
  const texts = await keptTexts(
    tx,
    some.flatMap(({ inputs_digest: digest }) => digest ?? []),
  );
  const kept = some.map((standing) => ({ standing, inputs: keptInputs(standing, texts) }));
  const releases = kept.flatMap(({ standing, inputs }) => {
    const live = inputs?.facts?.live?.release;
    return live === undefined ? [standing.release] : [standing.release, live];
  });
  const flaws = await flawsIn(tx, releases);
  const known = await scannedUnderOtherNames(tx, some, flaws);
  const decided: DecidedAgain[] = [];
  let anew = 0;
  for (const one of kept) {
    const { standing, inputs } = one;
    // What has been decided from lives no longer than that.
    one.inputs = null;
    if (inputs === null) {
      decided.push({ standing, found: null });
      continue;
    }
    const own = flaws.get(standing.release) ?? [];
    if (standing.changed || own.some((flaw) => isKnown(known, standing, flaw))) {
      anew += 1;
      if (anew > mostAnew) continue;
      const found = await gatheredAnew(engine, standing, inputs, now).catch((error: unknown) => {
        // One that cannot be gathered keeps none of the others from being decided.
        const { message } = asTidelockError(error);
        engine.notice(`${laneKey(standing)} cannot be decided again yet: ${message}`);
        failed?.(standing);
      });
      if (found !== undefined) decided.push({ standing, found });
      continue;
    }
    const live = inputs.facts?.live?.release;
    const inLive = live === undefined ? [] : (flaws.get(live) ?? []);
    const fresh = freshOf(engine, inputs, own, inLive);
    decided.push({
      standing,
      found: onceMore(standing, inputs, fresh, now),
    });
  }
  return decided;
}

const mostAnew = 25;

type KeptGate = GateInput & { readonly preset: "baseline" | "strict" };

/**
 * As they stand under the digest that the decision names; else they are nobody's. Whether they are of their form was asked
 * when a program wrote them: what cannot be decided from is found out by deciding.
 */
function keptInputs(
  { inputs_digest: named }: Standing,
  texts: ReadonlyMap<string, string>,
): KeptGate | null {
  const inputs = named === null ? undefined : texts.get(named);
  if (inputs === undefined || digestOfText(inputs) !== named) return null;
  const read = JSON.parse(inputs) as KeptGate & { readonly kind?: string };
  return read.kind === "gate" ? read : null;
}

/** Null where no decision follows from what was kept. */
function onceMore(standing: Standing, inputs: KeptGate, fresh: Fresh, now: Date): Found | null {
  try {
    const { decided, contradicted } = decideOnceMore(
      inputs.preset,
      inputs,
      fresh,
      now.toISOString(),
    );
    if (contradicted.length === 0 && standing.contradicted_reason === null) {
      return { contradicted, decided: null };
    }
    const { decision } = decided;
    const leans = leansOf(decision, decided.inputs);
    return { contradicted, decided: { decision, text: inputsText(decided), leans } };
  } catch {
    return null;
  }
}

/** The first ones, as many as are held at once; one at least. */
function withinReach(standings: readonly Standing[]): readonly Standing[] {
  let size = 0;
  const end = standings.findIndex(({ inputs_size: own }, at) => {
    size += own ?? 0;
    return at > 0 && size > mostAtOnce;
  });
  return end === -1 ? standings : standings.slice(0, end);
}

function freshOf(
  engine: Engine,
  inputs: KeptGate,
  own: readonly ReleaseFlaw[],
  inLive: readonly ReleaseFlaw[],
): Fresh {
  if (own.length === 0) return {};
  const known = own.map(knownFlaw);
  return {
    flaws: { known, lookedFor: looksForFlaws(engine, inputs.checks) },
    withFlaws: (facts) => withFlaws(facts, known, new Set(inLive.flatMap(namesOf)), countsOf),
  };
}

async function gatheredAnew(
  engine: Engine,
  standing: Standing,
  inputs: KeptGate,
  now: Date,
): Promise<Found | null> {
  const { promotion } = standing;
  const row = await readPromotion(engine.db, promotion);
  const plan: Plan | null = row ? knownPlan(row) : null;
  if (!plan) return null;
  const { evidence, waivers, facts, flaws } = await shownNow(engine, plan, promotion, now);
  const fresh = { evidence, waivers, flaws, ...(facts === undefined ? {} : { facts }) };
  return onceMore(standing, inputs, fresh, now);
}

/** Names under which findings of these services are known already: whether one is set aside, only a closer look tells. */
async function scannedUnderOtherNames(
  tx: Db,
  standings: readonly Standing[],
  flaws: ReadonlyMap<Digest, readonly ReleaseFlaw[]>,
): Promise<ReadonlySet<string>> {
  const names = new Set([...flaws.values()].flat().flatMap(namesOf));
  if (names.size === 0) return new Set();
  const services = [...new Set(standings.map(({ service }) => service))];
  const found = await namedLike(tx, services, [...names]);
  return new Set(found.map(({ service, name }) => `${service} ${name}`));
}

function isKnown(known: ReadonlySet<string>, { service }: Standing, flaw: ReleaseFlaw): boolean {
  return namesOf(flaw).some((name) => known.has(`${service} ${name}`));
}
