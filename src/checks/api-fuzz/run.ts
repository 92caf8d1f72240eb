import type { Json, RawRequest } from "../probing/operation.ts";
import { randomFrom } from "../probing/random.ts";
import { type Draft, draftOf, write } from "./cases/draft.ts";
import { type PlannedCase, plannedCases } from "./cases/planned.ts";
import { type Known, Pool } from "./cases/pool.ts";
import type { SeedFile } from "./cases/seed-files.ts";
import type { FuzzDocument, FuzzOperation } from "./describe/operation.ts";
import type { Findings } from "./judge/findings.ts";
import { type Outcome, type Purpose } from "./judge/oracles.ts";
import type { ProcessWatch } from "./judge/process-watch.ts";
import { fill, placeholder, requestOf, type Step } from "./reproduce/reproduction.ts";
import type { ApiFuzzConfiguration } from "./schema.ts";
import { bindingsOf, parseBody, type Sender } from "./sender.ts";
import { playSequences } from "./sequences.ts";
import { type Shot, stepsOf, Triage } from "./triage.ts";
import type { Manner } from "./values/valid.ts";
import { violation } from "./values/conform.ts";
import { MemoryWatch } from "./memory.ts";

/** What an operation was answered: status, or `none`, to how often. */
export type Tally = Map<string, Map<string, number>>;

/** Thrown when the service does not come back after its process ended. */
export class Gone extends Error {}

const order = ["POST", "GET", "PUT", "PATCH", "DELETE"];
const validVariants: readonly Manner[] = ["sample", "least", "random", "random", "random"];

/** One fuzzing run: right requests, sequences, everything that is planned, then what chance brings. */
export class Run {
  readonly document: FuzzDocument;
  readonly operations: readonly FuzzOperation[];
  readonly pool = new Pool();
  readonly tally: Tally = new Map();
  /** What is planned was sent to the end: the run is whole. */
  whole = false;
  cases = 0;
  readonly #configuration: ApiFuzzConfiguration;
  readonly #sender: Sender;
  readonly #triage: Triage;
  readonly #memory: MemoryWatch;
  readonly #files: readonly SeedFile[];
  #sinceLook = 0;
  #last: Shot | null = null;

  constructor(parts: {
    document: FuzzDocument;
    operations: readonly FuzzOperation[];
    configuration: ApiFuzzConfiguration;
    sender: Sender;
    watch: ProcessWatch;
    findings: Findings;
    files: readonly SeedFile[];
  }) {
    this.document = parts.document;
    this.#configuration = parts.configuration;
    this.#sender = parts.sender;
    this.#files = parts.files;
    this.#triage = new Triage(
      parts.document,
      parts.sender,
      parts.findings,
      parts.configuration.limits.shrink,
    );
    this.#memory = new MemoryWatch(
      parts.watch,
      parts.findings,
      parts.configuration.limits.memoryMb * 1_048_576,
    );
    this.operations = parts.operations.toSorted(
      (a, b) =>
        order.indexOf(a.method) - order.indexOf(b.method) ||
        depth(a) - depth(b) ||
        compare(a.key, b.key),
    );
  }

  async everything(): Promise<void> {
    const { skip } = this.#configuration;
    await this.#valid();
    if (!skip.includes("auth")) await this.#strangers();
    if (!skip.includes("sequence")) await playSequences(this);
    await this.#planned();
    this.whole = true;
    if (!skip.includes("random")) await this.#random();
  }

  async #valid(): Promise<void> {
    for (const operation of this.operations) {
      const statuses: number[] = [];
      let last: Shot | null = null;
      for (const [index, manner] of validVariants.entries()) {
        const sent = await this.shootValid(operation, "valid", `valid ${index}`, manner);
        if (sent === null) continue;
        last = sent.shot;
        if (sent.outcome.kind === "answer") statuses.push(sent.outcome.answer.status);
      }
      const refused =
        statuses.length >= 3 && statuses.every((status) => [400, 415, 422].includes(status));
      if (refused && last !== null && this.#surelyValid(operation, last)) {
        await this.shoot({
          ...last,
          purpose: { ...last.purpose, expect: "taken" },
          what: "whatever its schema allows",
        });
      }
      await this.restUntilNext();
    }
  }

  /** As nobody, and with a credential that nobody was given. */
  async #strangers(): Promise<void> {
    for (const operation of this.operations.filter(({ secured }) => secured === true)) {
      for (const [as, place] of [
        [null, "without a credential"],
        ["made-up", "with a made-up credential"],
      ] as const) {
        const draft = this.draft(operation, "sample", `auth ${place}`);
        await this.shoot({
          purpose: { operation: operation.key, family: "auth", place, expect: "refused" },
          what: `a right request ${place}`,
          step: { ...this.stepFor(operation, write(draft)), as },
          uses: draft.uses,
        });
      }
    }
  }

  async #planned(): Promise<void> {
    for (const operation of this.operations) {
      const cases = this.#casesOf(operation);
      const send = async (one: PlannedCase, index: number) => {
        await this.#ensure(operation);
        const draft = this.draft(operation, "sample", `planned ${index}`);
        await this.shoot(this.#shotOf(operation, one, draft, one.request(draft)));
      };
      await this.#memory.around(operation.key, async (most) => {
        for (const [index, one] of cases.entries()) if (index < most) await send(one, index);
      });
      await this.restUntilNext();
    }
  }

  /** Several things at once that no plan names; as many for each operation as is configured. */
  async #random(): Promise<void> {
    const { randomCases } = this.#configuration.limits;
    const changing = new Map(
      this.operations.map((one) => [
        one.key,
        this.#casesOf(one).filter(({ change }) => change !== undefined),
      ]),
    );
    for (let round = 0; round < randomCases; round += 1) {
      for (const operation of this.operations) {
        const random = this.#randomOf("random", operation.key, `${round}`);
        const cases = changing.get(operation.key) ?? [];
        const picked = Array.from({ length: random.between(1, 3) }, () =>
          random.pick(cases),
        ).filter((one) => one !== undefined);
        await this.#ensure(operation);
        const plain = this.draft(operation, "random", `random ${round}`);
        const last = picked.at(-1);
        const draft = picked.slice(0, -1).reduce((all, { change }) => change?.(all) ?? all, plain);
        const request = last === undefined ? write(draft) : last.request(draft);
        const place =
          [...new Set(picked.map((one) => one.place))].toSorted().join(" and ") || "valid";
        const what =
          picked.map((one) => `${one.place}: ${one.what}`).join("; ") || "other right values";
        await this.shoot({
          purpose: { operation: operation.key, family: "random", place: place.slice(0, 300) },
          what,
          step: this.stepFor(operation, request),
          uses: draft.uses,
        });
      }
    }
  }

  /** A right request. Null when it would reach nothing. */
  async shootValid(
    operation: FuzzOperation,
    family: Purpose["family"],
    what: string,
    manner: Manner = "sample",
  ): Promise<{ readonly shot: Shot; readonly outcome: Outcome } | null> {
    await this.#ensure(operation);
    const draft = this.draft(operation, manner, what);
    const shot: Shot = {
      purpose: { operation: operation.key, family, place: "valid" },
      what: "a right request",
      step: this.stepFor(operation, write(draft)),
      uses: draft.uses,
    };
    return { shot, outcome: await this.shoot(shot, draft.body) };
  }

  /** Sends, counts, learns and judges: the only way from a case to the service. */
  async shoot(shot: Shot, sent: Json = null): Promise<Outcome> {
    const request = fill(requestOf(shot.step), bindingsOf(shot.uses));
    this.cases += 1;
    const outcome = await this.#sender.send(request, shot.step.as);
    this.#count(shot.purpose.operation, outcome);
    await this.#triage.take(shot, outcome);
    if (!this.#sender.alive)
      throw new Gone("the service did not come back after its process ended");
    this.#learn(shot, outcome, sent);
    this.#last = shot;
    if ((this.#sinceLook += 1) >= 25) await this.restUntilNext();
    return outcome;
  }

  /** Between two parts: whether a process ended without any request noticing it. */
  async restUntilNext(): Promise<void> {
    this.#sinceLook = 0;
    const late = await this.#sender.lateCrash();
    if (late !== null && this.#last !== null)
      await this.#triage.take(
        { ...this.#last, what: `${this.#last.what}, or one shortly before it` },
        late,
      );
    if (!this.#sender.alive)
      throw new Gone("the service did not come back after its process ended");
  }

  draft(operation: FuzzOperation, manner: Manner, name: string, uses?: readonly Known[]): Draft {
    const random = this.#randomOf(name, operation.key);
    const draft = draftOf(operation, { root: this.document.root, random, manner, pool: this.pool });
    if (uses === undefined) return draft;
    const [known] = uses;
    const parameters = draft.parameters.map((one) =>
      one.parameter.in === "path" && known !== undefined
        ? { ...one, value: placeholder(known.name) }
        : one,
    );
    return { ...draft, parameters, uses };
  }

  write(draft: Draft): RawRequest {
    return write(draft);
  }

  stepFor(operation: FuzzOperation, request: RawRequest): Step {
    return { ...request, as: operation.secured === false ? null : this.#sender.identityName };
  }

  #casesOf(operation: FuzzOperation): readonly PlannedCase[] {
    const { skip } = this.#configuration;
    return plannedCases(this.document.root, operation, this.#files).filter(
      ({ family }) => family === "valid" || !skip.includes(family),
    );
  }

  #shotOf(operation: FuzzOperation, one: PlannedCase, draft: Draft, request: RawRequest): Shot {
    return {
      purpose: { operation: operation.key, family: one.family, place: one.place.slice(0, 300) },
      what: `${one.place}: ${one.what}`,
      step: this.stepFor(operation, request),
      uses: draft.uses,
    };
  }

  /** Makes what an operation needs, where nothing of it is left. */
  async #ensure(operation: FuzzOperation): Promise<void> {
    for (const { name } of operation.parameters.filter((one) => one.in === "path")) {
      if (this.pool.forPath(operation, name) !== undefined) continue;
      const prefix = operation.template.split(`/{${name}}`)[0] ?? "";
      const maker = this.operations.find(
        (one) => one.method === "POST" && one.template.replace(/\/$/, "") === prefix,
      );
      const tried = this.#tried.get(operation.key) ?? 0;
      // A maker that never makes anything is not asked before each request.
      if (maker === undefined || maker === operation || tried > 20) continue;
      this.#tried.set(operation.key, tried + 1);
      await this.shootValid(maker, "valid", `for ${operation.key} ${tried}`);
      if (this.pool.forPath(operation, name) !== undefined) this.#tried.set(operation.key, 0);
    }
  }

  readonly #tried = new Map<string, number>();

  #learn(shot: Shot, outcome: Outcome, sent: Json): void {
    const restarted =
      outcome.kind === "crash" || (outcome.kind === "none" && outcome.why === "broken");
    if (restarted) this.pool.clear();
    if (outcome.kind !== "answer" || outcome.answer.status >= 300) return;
    const operation = this.operations.find(({ key }) => key === shot.purpose.operation);
    if (operation === undefined) return;
    const path = operation.parameters.some((one) => one.in === "path");
    if (operation.method === "DELETE") {
      for (const { value } of path ? shot.uses : []) this.pool.forget(value);
      return;
    }
    // What odd requests made may be odd: it is no ground to build on.
    if (shot.purpose.family !== "valid" && shot.purpose.family !== "sequence") return;
    const { location } = outcome.answer.headers;
    this.pool.learn(operation, stepsOf(shot), sent, parseBody(outcome.answer), location);
  }

  #count(operation: string, outcome: Outcome): void {
    const statuses = this.tally.get(operation) ?? new Map<string, number>();
    const status =
      outcome.kind === "answer"
        ? `${outcome.answer.status}`
        : outcome.kind === "crash"
          ? "crash"
          : "no answer";
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    this.tally.set(operation, statuses);
  }

  #surelyValid(operation: FuzzOperation, { step }: Shot): boolean {
    if (step.body === undefined) return true;
    const media = operation.body?.media[0];
    const value = parseBody({ body: step.body });
    return (
      value === undefined ||
      media === undefined ||
      violation(this.document.root, media.schema, value, true) === null
    );
  }

  #randomOf(...names: readonly string[]) {
    return randomFrom(this.#configuration.seed, "api-fuzz", ...names);
  }
}

export function depth({ template }: { readonly template: string }): number {
  return template.split("/").length;
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
