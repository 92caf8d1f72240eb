import { randomBytes } from "node:crypto";

import { describeFailure, type Exchange, exchange } from "../exchange.ts";
import type { TargetAddress } from "../targets.ts";
import type { CheckContext } from "../../ports/check.ts";
import { Jar } from "./jar.ts";
import { broken, Ended, unmet } from "./outcome.ts";
import type { AttackSpecsConfiguration, Identity } from "./schema.ts";
import type { Launched } from "./launch.ts";
import { isSafePath } from "./safe-path.ts";

/** An identity of the demand, its secrets resolved. */
export interface Person extends Omit<Identity, "password"> {
  readonly username: string;
  readonly password: string;
}

/** What all scenarios of a run share. */
export interface Run {
  readonly context: CheckContext;
  readonly configuration: AttackSpecsConfiguration;
  readonly target: TargetAddress;
  /** The demand's own, secrets resolved. */
  readonly values: ReadonlyMap<string, string>;
  readonly people: ReadonlyMap<string, Person>;
  /** What must stand in no report; grows with every session. */
  readonly hidden: Set<string>;
  readonly seen: {
    requests: number;
    assertions: number;
    launches: number;
    readonly routes: Set<string>;
    readonly people: Set<string>;
    readonly registered: Set<string>;
    readonly programs: Map<string, string>;
  };
}

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What one scenario knows: nothing of it outlives the scenario. */
export class World {
  readonly run: Run;
  readonly values: Map<string, string>;
  /** What the demand says by `values`. */
  readonly given = new Map<string, string>();
  /** Of commands (Gauntlt's): the demand's own values stand above what the file says. */
  readonly profile = new Map<string, string>();
  /** Sent with every request from now on. */
  readonly headers = new Map<string, string>();
  readonly jars = new Map<string, Jar>();
  readonly sessions = new Map<string, Jar>();
  readonly answers = new Map<string, Exchange>();
  /** Files that later steps want to look into. */
  readonly awaitedFiles: readonly string[];
  actor = "somebody";
  lastRequest: Request | null = null;
  lastAnswer: Exchange | null = null;
  tookMs: number[] = [];
  launched: Launched | null = null;

  constructor(run: Run, awaitedFiles: readonly string[]) {
    this.run = run;
    this.awaitedFiles = awaitedFiles;
    const { origin } = run.target;
    const { hostname, port, protocol } = new URL(origin);
    this.values = new Map([
      ["origin", origin],
      ["host", hostname.replace(/^\[|\]$/g, "")],
      ["port", port === "" ? (protocol === "https:" ? "443" : "80") : port],
      // New in every scenario.
      ["random", randomBytes(8).toString("hex")],
    ]);
    // The demand's own may be made of these, also under the same name.
    const ours = new Map(this.values);
    for (const [name, value] of run.values) {
      const filled = value.replace(/\{\{(\w+)\}\}/g, (all, key: string) => ours.get(key) ?? all);
      this.values.set(name, filled);
      this.given.set(name, filled);
    }
    for (const { name, username, password } of run.people.values()) {
      this.values.set(`${name}.username`, username);
      this.values.set(`${name}.password`, password);
    }
  }

  get jar(): Jar {
    const jar = this.jars.get(this.actor) ?? new Jar();
    this.jars.set(this.actor, jar);
    return jar;
  }

  /** Replaces `{{name}}` by its value. */
  fill(text: string): string {
    return text.replace(/\{\{([\w.-]{1,80})\}\}/g, (_, name: string) => {
      const value = this.values.get(name);
      if (value !== undefined) return value;
      const known = [...this.values.keys()].sort().join(", ");
      return broken(`there is no value {{${name}}}; there are ${known}`);
    });
  }

  /** Texts of the service may hold a session: it is blanked before it is shown. */
  show(text: string): string {
    const hidden = [...this.run.hidden, ...[...this.jars.values()].flatMap((jar) => jar.tokens)];
    const shown = hidden
      .filter((one) => one.length >= 4)
      .reduce((rest, one) => rest.replaceAll(one, "[session]"), text);
    return JSON.stringify(shown.length > 160 ? `${shown.slice(0, 160)}…` : shown);
  }

  get answer(): Exchange {
    return this.lastAnswer ?? broken("no request was sent yet, so there is no answer to look at");
  }

  /** Sends to the tested service and nowhere else, as whoever acts. */
  async send(request: Request): Promise<Exchange> {
    const { run } = this;
    const { limits, ca } = run.configuration;
    run.context.signal.throwIfAborted();
    if (run.seen.requests >= limits.requests) {
      broken(`${limits.requests} requests were sent (with.limits.requests); no more are`);
    }
    if (!isSafePath(request.path)) {
      broken(
        `${JSON.stringify(request.path.slice(0, 100))} is no path of the tested service: it begins with one / and has no spaces`,
      );
    }
    const jar = this.jar;
    run.seen.requests += 1;
    run.seen.routes.add(`${request.method} ${request.path.split(/[?#]/)[0]}`);
    this.lastRequest = request;
    try {
      const answer = await exchange({
        origin: run.target.origin,
        path: request.path,
        method: request.method,
        headers: {
          "user-agent": "tidelock-attack-specs",
          ...jar.headers,
          ...Object.fromEntries(this.headers),
          ...request.headers,
          ...run.target.headers,
        },
        ...(request.body === undefined ? {} : { body: request.body }),
        timeoutMs: limits.timeoutMs,
        maxBodyBytes: limits.bodyBytes,
        signal: run.context.signal,
        tls: "judge",
        ...(ca === undefined ? {} : { ca }),
      });
      jar.take(answer.cookies);
      for (const token of jar.tokens) if (token.length >= 8) run.hidden.add(token);
      this.lastAnswer = answer;
      this.tookMs.push(answer.latencyMs);
      return answer;
    } catch (error) {
      run.context.signal.throwIfAborted();
      this.lastAnswer = null;
      throw new Ended(
        "error",
        `${request.method} ${request.path} got no whole answer: ${describeFailure(error)}`,
      );
    }
  }

  expect(holds: boolean, otherwise: string): void {
    this.run.seen.assertions += 1;
    if (!holds) unmet(otherwise);
  }
}
