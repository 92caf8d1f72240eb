import type { Exchange } from "../exchange.ts";
import { isPage } from "../header-rules.ts";
import { asksForPassword } from "./attacks/access-words.ts";
import type { Canary } from "./canary.ts";
import { lookAt, Scale, type Look } from "./compare.ts";
import { type Evidence, type Finding, sameFlaw } from "./finding.ts";
import { randomFrom, type Random } from "../probing/random.ts";
import type { DastConfiguration } from "./schema.ts";
import type { Identity } from "../probing/identity.ts";
import type { Prober } from "../probing/prober.ts";
import {
  buildRequest,
  type Change,
  type Json,
  keyOf,
  type Operation,
  type Parameter,
  type RawRequest,
  textOf,
} from "../probing/operation.ts";
import { shapeOf, type Surface } from "./surface/surface.ts";

/** An answer with the question. */
export interface Seen {
  readonly operation: Operation;
  readonly parameter: Parameter | null;
  readonly request: RawRequest;
  readonly answer: Exchange;
  readonly actor: Identity | null;
}

/** A parameter of an operation, under attack as somebody. */
export interface Point {
  readonly operation: Operation;
  readonly parameter: Parameter;
  readonly actor: Identity | null;
  readonly random: Random;
  /** The answer without an attack; null when there is none. */
  readonly baseline: Exchange | null;
}

/** What was sent for one attack, and what came back. */
export interface Shot {
  readonly request: RawRequest;
  readonly answer: Exchange;
  readonly look: Look;
}

const mostFindings = 1_000;

/** What attacks share: the way to the service, what is known of it, and what was found. */
export class Lab {
  readonly prober: Prober;
  readonly surface: Surface;
  readonly configuration: DastConfiguration;
  readonly identities: readonly Identity[];
  readonly canary: Canary | null;
  readonly findings: Finding[] = [];
  readonly exercised = new Set<string>();
  /** XSS marker to what it was planted with: whoever shows it later stored it. */
  readonly planted = new Map<
    string,
    {
      operation: Operation;
      parameter: Parameter;
      request: RawRequest;
      actor: Identity | null;
      of: (marker: string) => string;
    }
  >();
  /** Files that stack traces named. */
  readonly namedFiles = new Set<string>();
  assertions = 0;
  readonly #watch: (seen: Seen) => void;

  constructor(parts: {
    prober: Prober;
    surface: Surface;
    configuration: DastConfiguration;
    identities: readonly Identity[];
    canary: Canary | null;
    watch: (seen: Seen) => void;
  }) {
    this.prober = parts.prober;
    this.surface = parts.surface;
    this.configuration = parts.configuration;
    this.identities = parts.identities;
    this.canary = parts.canary;
    this.#watch = parts.watch;
  }

  /** Only these are attacked from now on; null for all. */
  limitTo(wanted: ReadonlySet<string> | null): void {
    if (wanted !== null)
      this.surface.keepOnly((one) => wanted.has(keyOf(one)) || wanted.has(one.template));
  }

  see(seen: Seen): void {
    this.#watch(seen);
  }

  isSignIn(answer: Exchange): boolean {
    return isPage(answer) && asksForPassword(answer);
  }

  random(...names: readonly string[]): Random {
    return randomFrom(this.configuration.seed, ...names);
  }

  /** Sends an operation with changes; signs in again when the session has ended meanwhile. */
  async ask(
    operation: Operation,
    changes: readonly Change[],
    actor: Identity | null,
    options: { readonly timeoutMs?: number; readonly parameter?: Parameter } = {},
  ): Promise<{ request: RawRequest; answer: Exchange } | null> {
    const request = buildRequest(operation, changes);
    let answer = await this.prober.send(request, actor, options.timeoutMs);
    if (answer?.status === 401 && actor !== null && (await actor.isSignedIn()) !== null) {
      if ((await actor.signIn()) === null) {
        answer = await this.prober.send(request, actor, options.timeoutMs);
      }
    }
    if (answer === null) return null;
    this.exercised.add(keyOf(operation));
    this.#watch({ operation, parameter: options.parameter ?? null, request, answer, actor });
    return { request, answer };
  }

  /** A point with its parameter set to `value`. */
  async shoot(
    point: Point,
    value: Json,
    options: {
      readonly timeoutMs?: number;
      readonly rename?: string;
      readonly echoes?: readonly string[];
    } = {},
  ): Promise<Shot | null> {
    const { operation, parameter, actor } = point;
    const change: Change = {
      parameter,
      value,
      ...(options.rename === undefined ? {} : { rename: options.rename }),
    };
    const both = await this.ask(operation, [change], actor, { ...options, parameter });
    if (both === null) return null;
    return { ...both, look: lookAt(both.answer, [textOf(value), ...(options.echoes ?? [])]) };
  }

  /** The answer to the sample value, twice, and how alike they are. Null when there is none. */
  async scale(
    point: Point,
    value: Json = point.parameter.value,
  ): Promise<{ look: Look; scale: Scale } | null> {
    const first = await this.shoot(point, value);
    const second = await this.shoot(point, value);
    if (first === null || second === null) return null;
    return { look: first.look, scale: new Scale(first.look, second.look) };
  }

  /** Adds evidence to what is known of the flaw. */
  report(
    place: { operation: Operation; parameter?: Parameter; actor: Identity | null },
    found: Evidence,
  ): void {
    const finding: Finding = {
      rule: found.rule,
      method: place.operation.method,
      route: place.operation.template,
      ...(place.parameter === undefined ? {} : { parameter: place.parameter.name }),
      techniques: found.technique === undefined ? [] : [found.technique],
      evidence: found.evidence,
      replay: found.replay,
      session: place.actor?.name ?? null,
      ...(found.severity === undefined ? {} : { severity: found.severity }),
    };
    const at = this.findings.findIndex((one) => sameFlaw(one, finding));
    const known = this.findings[at];
    if (known !== undefined) {
      this.findings[at] = {
        ...known,
        techniques: [...new Set([...known.techniques, ...finding.techniques])],
        evidence: [...new Set([...known.evidence, ...finding.evidence])].slice(0, 12),
      };
    } else if (this.findings.length < mostFindings) this.findings.push(finding);
  }

  /** Whether this flaw is known already. */
  has(rule: Finding["rule"], operation: Operation, parameter?: Parameter): boolean {
    return this.findings.some(
      (one) =>
        one.rule === rule &&
        one.method === operation.method &&
        one.route === operation.template &&
        (parameter === undefined || one.parameter === parameter.name),
    );
  }

  point(
    operation: Operation,
    parameter: Parameter,
    actor: Identity | null,
    baseline: Exchange | null,
  ): Point {
    const random = this.random("point", shapeOf(operation), parameter.in, parameter.name);
    return { operation, parameter, actor, random, baseline };
  }
}

/**
 * Runs a trial twice with different random values. Only when both show the flaw it is there: the two
 * sentences are its evidence.
 */
export async function twice<T>(
  trial: (round: 0 | 1) => Promise<{ readonly says: string; readonly shot: T } | null>,
): Promise<{ readonly says: readonly [string, string]; readonly shot: T } | null> {
  const first = await trial(0);
  if (first === null) return null;
  const second = await trial(1);
  return second === null ? null : { says: [first.says, second.says], shot: first.shot };
}
