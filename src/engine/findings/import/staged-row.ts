import { incomingOf } from "../../../findings/identity/incoming.ts";
import type { IdentityContext } from "../../../findings/identity/fingerprint.ts";
import type { Fingerprint } from "../../../model/finding.ts";
import { type Observation, severities } from "../../../model/observation.ts";
import type { StagedBatch } from "../../../store/queries/findings-staging.ts";

/** A text that PostgreSQL takes: no U+0000 and no half of a character, which JSON can say both. */
export function storable(text: string): string {
  return text.replaceAll("\0", "\uFFFD").toWellFormed();
}

/** One observation as it is kept, and its JSON text: no U+0000, which a report may hold and PostgreSQL does not take. */
export function storableObservation(observation: Observation): {
  readonly observation: Observation;
  readonly text: string;
} {
  const text = JSON.stringify(observation);
  if (!text.includes("\\u0000")) return { observation, text };
  const without = withoutNul(observation) as Observation;
  return { observation: without, text: JSON.stringify(without) };
}

const utf8 = new TextEncoder();

/** The parts of a batch that another thread is given for good. */
export function buffersOf({ spots, drifts, contents, values }: StagedBatch): ArrayBuffer[] {
  return [spots, drifts, contents, values].map(({ buffer }) => buffer as ArrayBuffer);
}

/** Gathers observations as the columns that the staging takes. */
export class Columns {
  #first = 0;
  #claims: number[] = [];
  #kinds: string[] = [];
  #environments: string[] = [];
  #severities: number[] = [];
  #stated: number[] = [];
  #lines: number[] = [];
  #spots: string[] = [];
  #ids: string[] = [];
  #drifts: string[] = [];
  #contents: string[] = [];
  #algorithms = new Map<string, number>();
  #owners: number[] = [];
  #ranks: number[] = [];
  #names: number[] = [];
  #values: string[] = [];

  get count(): number {
    return this.#contents.length;
  }

  /** @param text of the observation, JSON without U+0000 */
  add(observation: Observation, text: string, claim: boolean, context: IdentityContext): void {
    const { identity, line, ids } = incomingOf(observation, context, 0);
    this.#claims.push(claim ? 1 : 0);
    this.#kinds.push(identity.kind);
    this.#environments.push(identity.environment ?? "");
    this.#severities.push(1 + severities.indexOf(observation.severity));
    this.#stated.push(observation.severityStated ? 1 : 0);
    this.#lines.push(line ?? 0);
    this.#spots.push(identity.spot ?? "");
    this.#ids.push(ids.length === 0 ? "[]" : JSON.stringify(ids));
    this.#drifts.push(
      identity.drift.length === 0 ? "[]" : JSON.stringify(identity.drift.map(pairOf)),
    );
    this.#contents.push(text);
    for (const [rank, { algorithm, value }] of identity.fingerprints.entries()) {
      this.#owners.push(this.count);
      this.#ranks.push(rank);
      this.#names.push(this.#nameOf(algorithm));
      this.#values.push(value);
    }
  }

  /** What has gathered, and begins anew behind it. */
  take(): StagedBatch {
    const { count } = this;
    const batch: StagedBatch = {
      first: this.#first,
      count,
      claims: this.#claims.join("\n"),
      kinds: this.#kinds.join("\n"),
      environments: this.#environments.join("\n"),
      severities: this.#severities.join("\n"),
      stated: this.#stated.join("\n"),
      lines: this.#lines.join("\n"),
      spots: utf8.encode(this.#spots.join("\n")),
      ids: this.#ids.join("\n"),
      drifts: utf8.encode(this.#drifts.join("\n")),
      contents: utf8.encode(this.#contents.join("\n")),
      algorithms: JSON.stringify([...this.#algorithms.keys()]),
      owners: this.#owners.join("\n"),
      ranks: this.#ranks.join("\n"),
      names: this.#names.join("\n"),
      values: utf8.encode(this.#values.join("\n")),
      prints: this.#values.length,
    };
    this.#first += count;
    this.#claims = [];
    this.#kinds = [];
    this.#environments = [];
    this.#severities = [];
    this.#stated = [];
    this.#lines = [];
    this.#spots = [];
    this.#ids = [];
    this.#drifts = [];
    this.#contents = [];
    this.#algorithms = new Map();
    this.#owners = [];
    this.#ranks = [];
    this.#names = [];
    this.#values = [];
    return batch;
  }

  #nameOf(algorithm: string): number {
    const known = this.#algorithms.get(algorithm);
    if (known !== undefined) return known;
    const made = this.#algorithms.size + 1;
    this.#algorithms.set(algorithm, made);
    return made;
  }
}

function pairOf({ algorithm, value }: Fingerprint) {
  return [algorithm, value];
}

function withoutNul(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll("\0", "\uFFFD");
  if (Array.isArray(value)) return value.map(withoutNul);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key.replaceAll("\0", "\uFFFD"), withoutNul(one)]),
  );
}
