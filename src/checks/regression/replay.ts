import { TidelockError } from "../../model/errors.ts";
import type { CheckContext } from "../../ports/check.ts";
import type { Exchange } from "../exchange.ts";
import { type Asked, askTested, isReading, LiveSide } from "../live-side.ts";
import { targetsOf, type TargetAddress } from "../targets.ts";
import type { Difference } from "./classes.ts";
import { type BodyRules } from "./compare-body.ts";
import { differences, noiseOf } from "./compare.ts";
import { parseIgnored } from "./json-shape.ts";
import { isSignInPage, linksOf } from "./links.ts";
import { masking } from "./mask.ts";
import { type RegressionConfiguration, type Request, severityOf } from "./schema.ts";
import { declaredRequests } from "./suite.ts";

/** What became of one request at one address of the tested colour. */
export interface Compared {
  readonly request: Request;
  readonly crawled: boolean;
  /** Where the tested colour was asked. */
  readonly at: string;
  readonly found: readonly Difference[];
  /** Seen once and not again: the tested colour does not answer the same twice, and the live one does. */
  readonly once: readonly Difference[];
  /** Places that the live colour itself does not answer the same twice. */
  readonly noise: readonly string[];
  /** Why there was nothing to compare; then nothing was found. */
  readonly uncompared: string | null;
  /** The body was longer than what is read. */
  readonly cut: boolean;
}

export interface Replay {
  readonly compared: readonly Compared[];
  /** Answers that were whole, of both sides. */
  readonly answers: number;
  /** Requests that were answered with content: neither a refusal nor a page to sign in. */
  readonly content: number;
}

/** Asks both sides the same, one request after the other. */
export async function replay(
  context: CheckContext,
  configuration: RegressionConfiguration,
  origin: string | null,
): Promise<Replay> {
  const run = new Run(context, configuration, origin);
  for (const request of await declaredRequests(context, configuration)) await run.one(request);
  await run.crawl();
  return run;
}

class Run implements Replay {
  readonly compared: Compared[] = [];
  answers = 0;
  content = 0;
  readonly #context: CheckContext;
  readonly #configuration: RegressionConfiguration;
  /** Null while nothing is live: then the tested colour is held against itself. */
  readonly #live: LiveSide | null;
  readonly #origin: string;
  readonly #targets: readonly TargetAddress[];
  readonly #rules: BodyRules;
  readonly #asked = new Set<string>();

  constructor(
    context: CheckContext,
    configuration: RegressionConfiguration,
    origin: string | null,
  ) {
    this.#context = context;
    this.#configuration = configuration;
    this.#live = origin === null ? null : new LiveSide(context, configuration, origin);
    // Without a router nothing is live beside it that could be asked: the instances alone are.
    const routed = context.route !== null && context.tester !== null;
    this.#targets = targetsOf(context, routed ? configuration.through : "instances");
    const first = this.#targets[0];
    if (first === undefined) {
      throw new TidelockError("unavailable", "there is no instance to ask", { retryable: true });
    }
    this.#origin = origin ?? first.origin;
    this.#rules = {
      ignored: configuration.ignore.flatMap((path) => {
        const parts = parseIgnored(path);
        return parts === null ? [] : [parts];
      }),
      mask: masking(configuration.masks),
    };
  }

  /** Pages that the live colour (or, without one, the tested) links to. */
  async crawl(): Promise<void> {
    const { crawl, start, avoid } = this.#configuration;
    const todo = [...start];
    for (let pages = 0; pages < crawl;) {
      const path = todo.shift();
      if (path === undefined) return;
      if (avoid.some((beginning) => path.startsWith(beginning))) continue;
      pages += 1;
      const request: Request = { method: "GET", path, headers: {} };
      const answer = await this.one(request, true);
      if (answer === null) continue;
      for (const link of linksOf(answer, this.#origin, path)) {
        if (!todo.includes(link) && !this.#asked.has(`GET ${link}`)) todo.push(link);
      }
    }
  }

  /** The answer that the others are held against, where there is one. */
  async one(request: Request, crawled = false): Promise<Exchange | null> {
    this.#context.signal.throwIfAborted();
    if (!isReading(request.method)) return this.#write(request);
    if (Object.keys(request.headers).length === 0) {
      const key = `${request.method} ${request.path}`;
      if (this.#asked.has(key)) return null;
      this.#asked.add(key);
    }
    const first = await this.#reference(request);
    const second = await this.#reference(request);
    const keep = (at: string, change: Partial<Compared>) =>
      this.compared.push({
        request,
        crawled,
        at,
        found: [],
        once: [],
        noise: [],
        uncompared: null,
        cut: false,
        ...change,
      });
    if (first.kind === "none" || second.kind === "none") {
      const why = first.kind === "none" ? first.why : second.kind === "none" ? second.why : "";
      keep(hostOf(this.#origin), {
        uncompared: `${this.#live ? "the live colour" : "it"}: ${why}`,
      });
      return null;
    }
    if (isContent(first.answer)) this.content += 1;
    const noise = noiseOf(first.answer, second.answer, this.#origin, this.#rules);
    const shown = [...noise.places, ...(noise.text.kind === "none" ? [] : ["text"])];
    if (this.#live === null) {
      keep(hostOf(this.#origin), { noise: shown, cut: first.answer.truncated });
      return first.answer;
    }
    for (const target of this.#targets) {
      const asked = await this.#tested(target, request);
      let found = this.#differences(first.answer, asked, target.origin, noise);
      let once: readonly Difference[] = [];
      if (found.some(({ class: which }) => severityOf(this.#configuration, which) === "fail")) {
        // Whatever stops a release was seen twice.
        const again = await this.#seenAgain(target, request, noise);
        const still = ({ place }: Difference) => again === null || again.has(place);
        once = found.filter((one) => !still(one));
        found = found.filter(still);
      }
      const cut = first.answer.truncated || (asked.kind === "answer" && asked.answer.truncated);
      keep(hostOf(target.origin), { found, once, noise: shown, cut });
    }
    return first.answer;
  }

  /** Places that differ the second time too; null when the live colour gave no answer: nothing is taken back by that. */
  async #seenAgain(
    target: TargetAddress,
    request: Request,
    noise: ReturnType<typeof noiseOf>,
  ): Promise<ReadonlySet<string> | null> {
    const live = await this.#reference(request);
    const tested = await this.#tested(target, request);
    if (live.kind === "none") return null;
    return new Set(
      this.#differences(live.answer, tested, target.origin, noise).map(({ place }) => place),
    );
  }

  #differences(
    live: Exchange,
    tested: Asked,
    at: string,
    noise: ReturnType<typeof noiseOf>,
  ): readonly Difference[] {
    if (tested.kind === "none") {
      const message = `gives no whole answer (${tested.why}), and ${live.status} on the live side`;
      return [{ class: "no-answer", place: "status", message }];
    }
    return differences(live, tested.answer, { live: this.#origin, tested: at }, this.#rules, noise);
  }

  async #write(request: Request): Promise<null> {
    for (const target of this.#targets) {
      const asked = await this.#tested(target, request);
      const status = asked.kind === "answer" ? asked.answer.status : null;
      const right =
        status !== null &&
        (request.status === undefined ? status < 400 : status === request.status);
      const wanted = request.status ?? "anything below 400";
      const got = asked.kind === "answer" ? String(status) : `no whole answer (${asked.why})`;
      const message = `answers ${got}, expected ${wanted}`;
      const found: Difference[] = right ? [] : [{ class: "write", place: "status", message }];
      const at = hostOf(target.origin);
      this.compared.push({
        request,
        crawled: false,
        at,
        found,
        once: [],
        noise: [],
        uncompared: null,
        cut: false,
      });
    }
    return null;
  }

  async #reference(request: Request): Promise<Asked> {
    const [first] = this.#targets;
    const asked = this.#live
      ? await this.#live.ask(request)
      : await this.#tested(first as TargetAddress, request);
    if (this.#live && asked.kind === "answer") this.answers += 1;
    return asked;
  }

  async #tested(target: TargetAddress, request: Request): Promise<Asked> {
    const asked = await askTested(this.#context, this.#configuration, target, request);
    if (asked.kind === "answer") this.answers += 1;
    return asked;
  }
}

/** Neither a refusal nor a page that only lets people sign in. */
function isContent(answer: Exchange): boolean {
  return answer.status >= 200 && answer.status < 300 && !isSignInPage(answer);
}

function hostOf(origin: string): string {
  return new URL(origin).host;
}
