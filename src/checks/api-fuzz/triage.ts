import type { FuzzDocument } from "./describe/operation.ts";
import type { Findings } from "./judge/findings.ts";
import { type Outcome, type Purpose, type Symptom, symptomsOf } from "./judge/oracles.ts";
import type { Known } from "./cases/pool.ts";
import {
  type Bucket,
  bucketKey,
  fill,
  format,
  requestOf,
  type Step,
} from "./reproduce/reproduction.ts";
import { type Keeping, shrink } from "./reproduce/shrink.ts";
import { listOf } from "../probing/node.ts";
import { flatten } from "./values/combine.ts";
import { bindingsOf, type Sender } from "./sender.ts";

/** A request that was sent, and what led to it. */
export interface Shot {
  readonly purpose: Purpose;
  readonly what: string;
  /** The request itself, with placeholders. */
  readonly step: Step;
  readonly uses: readonly Known[];
  /** Requests that must come before it, besides those that made what it uses. */
  readonly before?: readonly Step[];
}

/** Endings cost a start each, hanging requests their whole time. */
const triesOf = (rule: string, most: number) =>
  rule === "crash" || rule === "hang" ? Math.min(6, most) : most;

/** Makes findings of symptoms: known ones are counted, new ones confirmed twice and made smaller. */
export class Triage {
  readonly #document: FuzzDocument | null;
  readonly #sender: Sender;
  readonly #findings: Findings;
  readonly #shrink: number;

  constructor(
    document: FuzzDocument | null,
    sender: Sender,
    findings: Findings,
    shrinkRequests: number,
  ) {
    this.#document = document;
    this.#sender = sender;
    this.#findings = findings;
    this.#shrink = shrinkRequests;
  }

  async take(shot: Shot, outcome: Outcome): Promise<void> {
    const request = fill(requestOf(shot.step), bindingsOf(shot.uses));
    for (const symptom of symptomsOf(this.#document, shot.purpose, request, outcome)) {
      const bucket = this.#known(symptom, shot.purpose);
      if (this.#findings.again(bucket, shot.purpose.operation) || !this.#sender.alive) continue;
      await this.#examine(shot, symptom, bucket);
    }
  }

  async #examine(shot: Shot, symptom: Symptom, bucket: Bucket): Promise<void> {
    const { purpose, what } = shot;
    const shows = async (steps: readonly Step[]) => this.shows(steps, purpose, bucket);
    const literal = [...(shot.before ?? []), literalStep(shot)];
    let steps: readonly Step[] = stepsOf(shot);
    let confirmed = (await shows(steps)) && (await shows(steps));
    if (!confirmed && steps.length > literal.length) {
      const before = steps;
      steps = literal;
      confirmed = (await shows(steps)) && (await shows(steps));
      if (!confirmed) steps = before;
    }
    const most = triesOf(symptom.rule, this.#shrink);
    if (confirmed) steps = await shrink(steps, most, this.#keepingOf(symptom, purpose), shows);
    this.#findings.add({
      rule: symptom.rule,
      bucket,
      operation: purpose.operation,
      place: purpose.place,
      what,
      says: symptom.says,
      confirmed,
      reproduction: { format, bucket, purpose, steps: [...steps] },
      count: 1,
      elsewhere: [],
    });
  }

  #known(symptom: Symptom, purpose: Purpose): Bucket {
    const bucket = bucketOf(symptom, purpose);
    const at = symptom.signature.indexOf(`at ${purpose.place}`);
    if (purpose.family !== "random" || at === -1) return bucket;
    const places = purpose.place.split(" and ");
    return this.#findings.amongPlaces(bucket, symptom.signature.slice(0, at + 3), places) ?? bucket;
  }

  /** What an example must keep while it is made smaller: where the answer does not tell, what was changed. */
  #keepingOf({ signature }: Symptom, { operation, place }: Purpose): Keeping | null {
    if (!signature.includes(`at ${place}`) || !/^(body|query|path|header|cookie)\./.test(place))
      return null;
    const [part = "", field = ""] = place.split(/[.\s]/);
    const found = this.#document?.operations.find(({ key }) => key === operation);
    const media = found?.body?.media[0];
    const ofBody =
      media === undefined
        ? []
        : listOf(flatten(this.#document?.root ?? {}, media.schema)["required"]);
    const ofQuery =
      found?.parameters.filter(({ required }) => required).map(({ name }) => name) ?? [];
    return { part, field, required: new Set([...ofBody, ...ofQuery].map(String)) };
  }

  /** Whether steps end in the bucket. */
  async shows(steps: readonly Step[], purpose: Purpose, bucket: Bucket): Promise<boolean> {
    if (!this.#sender.alive) return false;
    const done = await this.#sender.run(steps);
    if (done === null) return false;
    const wanted = bucketKey(bucket);
    return symptomsOf(this.#document, purpose, done.request, done.outcome).some(
      (symptom) => bucketKey(bucketOf(symptom, purpose)) === wanted,
    );
  }
}

/** What happens wherever one asks is one flaw, not one for each operation. */
export function bucketOf(symptom: Symptom, { operation }: Purpose): Bucket {
  return {
    rule: symptom.rule,
    operation: symptom.everywhere ? "*" : operation,
    signature: symptom.signature,
  };
}

/** Everything from nothing: those that make what is used, in their order, each once. */
export function stepsOf({ uses, before = [], step }: Shot): readonly Step[] {
  const setup = new Map(
    uses.flatMap(({ steps }) => steps).map((one) => [JSON.stringify(one), one]),
  );
  const made = new Set(
    [...setup.values()].flatMap(({ take }) => (take === undefined ? [] : [take.name])),
  );
  const rest = uses.filter(({ name }) => !made.has(name));
  const last = rest.length === 0 ? step : { ...step, ...fill(requestOf(step), bindingsOf(rest)) };
  return [...setup.values(), ...before, last].slice(-12);
}

function literalStep({ step, uses }: Shot): Step {
  return { ...step, ...fill(requestOf(step), bindingsOf(uses)) };
}
