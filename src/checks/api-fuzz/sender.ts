import { setTimeout as sleep } from "node:timers/promises";
import type { Exchange } from "../exchange.ts";
import { readJsonPath } from "../json-path.ts";
import type { Identity } from "../probing/identity.ts";
import type { Json, RawRequest } from "../probing/operation.ts";
import type { Actor, Prober } from "../probing/prober.ts";
import type { Outcome } from "./judge/oracles.ts";
import type { Crash, ProcessWatch } from "./judge/process-watch.ts";
import { type Bindings, fill, requestOf, type Step } from "./reproduce/reproduction.ts";

/** So often, and so far apart, a service is asked that nobody answers for. */
const mostKnocks = 75;
const knockMs = 200;

/** A credential that was never given to anybody. */
const madeUp: Actor = {
  name: "made-up",
  headersFor: () => ({
    authorization: "Bearer dGlkZWxvY2s.dGlkZWxvY2s.dGlkZWxvY2s",
    cookie: "session=tidelock-made-up",
    "x-api-key": "tidelock-made-up",
  }),
  take: () => undefined,
};

/** Sends steps as whom they say, and tells what came of them, a process that ended included. */
export class Sender {
  readonly #prober: Prober;
  readonly #watch: ProcessWatch;
  readonly #identity: Identity | null;
  /** Whether the service is back; false ends the run. */
  alive = true;

  constructor(prober: Prober, watch: ProcessWatch, identity: Identity | null) {
    this.#prober = prober;
    this.#watch = watch;
    this.#identity = identity;
  }

  get identityName(): string | null {
    return this.#identity?.name ?? null;
  }

  async send(request: RawRequest, as: string | null): Promise<Outcome> {
    const actor = as === null ? null : as === madeUp.name ? madeUp : this.#identity;
    const answer = await this.#listened(request, actor);
    if (answer === null) {
      const { lastFailureKind: why, lastFailure: message } = this.#prober;
      if (why === "unsendable") return { kind: "none", why, message };
      const crash = why === "broken" ? await this.#watch.crashSoon() : await this.#watch.crash();
      await this.#backAgain();
      return crash === null ? { kind: "none", why, message } : outcomeOf(crash);
    }
    // A session that ended meanwhile is begun again, once for each answer.
    if (
      answer.status === 401 &&
      actor !== null &&
      actor === this.#identity &&
      (await this.#identity.isSignedIn()) !== null
    ) {
      if ((await this.#identity.signIn()) === null) {
        const again = await this.#prober.send(request, actor);
        if (again !== null) return { kind: "answer", answer: again };
      }
    }
    if (answer.status >= 500) {
      const crash = await this.#watch.crash();
      if (crash !== null) {
        await this.#backAgain();
        return outcomeOf(crash);
      }
    }
    return { kind: "answer", answer };
  }

  /** Sends until something listens: whom nobody heard has broken nothing. */
  async #listened(request: RawRequest, actor: Actor | null): Promise<Exchange | null> {
    for (let tries = 0; ; tries += 1) {
      const answer = await this.#prober.send(request, actor);
      if (answer !== null || this.#prober.lastFailureKind !== "refused") return answer;
      // A process that ended is started again by whoever runs it.
      if (this.#prober.answered === 0 || tries >= mostKnocks) {
        this.alive = this.#prober.answered === 0;
        return null;
      }
      await sleep(knockMs);
    }
  }

  /** All of them in order, values of answers put into later ones; the last one's outcome. */
  async run(
    steps: readonly Step[],
  ): Promise<{ readonly outcome: Outcome; readonly request: RawRequest } | null> {
    const bindings = new Map<string, Json>();
    for (const [index, step] of steps.entries()) {
      const request = fill(requestOf(step), bindings);
      const outcome = await this.send(request, step.as);
      if (index === steps.length - 1) return { outcome, request };
      if (step.take !== undefined) bindings.set(step.take.name, valueFor(step.take, outcome));
    }
    return null;
  }

  /** A process that ended between two requests, without one of them noticing. */
  async lateCrash(): Promise<Outcome | null> {
    const crash = await this.#watch.crash();
    if (crash === null) return null;
    await this.#backAgain();
    return outcomeOf(crash);
  }

  async #backAgain(): Promise<void> {
    if (!(await this.#watch.ready())) this.alive = false;
  }
}

function outcomeOf({ says, signature }: Crash): Outcome {
  return { kind: "crash", says, signature };
}

function valueFor(take: NonNullable<Step["take"]>, outcome: Outcome): Json {
  if (take.from === null || outcome.kind !== "answer" || outcome.answer.status >= 300)
    return take.otherwise;
  const found = readJsonPath(parseBody(outcome.answer), take.from);
  return typeof found === "string" || typeof found === "number" ? found : take.otherwise;
}

export function parseBody({ body }: Pick<Exchange, "body">): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

export function bindingsOf(
  uses: readonly { readonly name: string; readonly value: Json }[],
): Bindings {
  return new Map(uses.map(({ name, value }) => [name, value]));
}
