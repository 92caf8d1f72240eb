import type { Assurance } from "../model/trust.ts";
import type { DecisionsReplayed } from "./checks/decisions.ts";
import type { Subject } from "./format.ts";

/** What the verifier looks at, in its order. The titles are what people read. */
export const checkTitles = {
  container: "the pack is whole: every file as the manifest says, nothing besides",
  checkpoint: "the checkpoint is signed by a key of the log",
  keys: "every key of the log was introduced by a key trusted before",
  consistency: "earlier checkpoints are the beginning of this one",
  succession: "every log before this one is named, with where it ended",
  anchors: "the checkpoints in your trust root are part of this history",
  witnesses: "independent witnesses have cosigned",
  inclusion: "every entry stands in the tree",
  openings: "every payload is what its entry committed to, or is named as erased",
  streams: "every stream is whole, from its first entry to its head",
  time: "time never runs backwards, nor behind a witness",
  intents: "every effect that was begun has its end on record",
  blobs: "every document, plan and report is the one that its entry names",
  attestations: "every attestation is signed and named by an entry",
  commits:
    "every commit that was handed in has the id that it claims, and the signature is verified",
  people:
    "every word by which somebody stands for somebody else is signed, by a key and under a right that stood then",
  approvals:
    "every approval is signed, by a key and under a right that stood then, over what was asked",
  "break-glass":
    "every broken glass is signed, by keys and under rights that stood then, used once, and reviewed by somebody else",
  waivers:
    "every accepted risk is signed by two people, by keys and under rights that stood then, over what the log names",
  answers: "every person's answer to a check is signed, by a key and under a right that stood then",
  review:
    "the review's lines are all that stood when it began, each is signed by somebody who may, and what was to go is gone",
  story: "every deployment has its decision, every decision its evidence",
  decisions: "every decision follows again from its inputs, by the same rules, to the byte",
  journal: "what host agents signed is whole and agrees with the ledger",
} as const;
/** The same without a trust root: what the pack says of its own keys is all that there is. */
const untrustedTitles: Partial<Record<CheckId, string>> = {
  checkpoint: "the checkpoint is signed by a key that the pack itself names; nothing was trusted",
  keys: "the log's keys are the ones that the pack itself names; nothing was trusted",
};
export type CheckId = keyof typeof checkTitles;

/** Where in the pack. */
export interface Location {
  readonly file?: string;
  /** Index in the log. */
  readonly entry?: number;
  readonly stream?: string;
}

export interface Problem {
  readonly check: CheckId;
  readonly where: string;
  readonly location: Location;
  readonly message: string;
}

export interface CheckLine {
  readonly id: CheckId;
  readonly title: string;
  /** `none`: there was nothing of its kind to look at, which proves nothing either way. */
  readonly state: "ok" | "failed" | "none";
  /** How many things were looked at. */
  readonly count: number;
  readonly notes: readonly string[];
}

/** A payload that is gone, and the entry that says so. */
export interface Erased {
  readonly entry: number;
  readonly kind: string;
  readonly operation: string;
  readonly erasedBy: number;
  readonly reason: string;
}

export interface AuditReport {
  readonly kind: "AuditReport";
  readonly formatVersion: 1;
  /**
   * `verified`: whole, and signed by who the trust root names. `consistent-not-authenticated`: whole, and
   * who made it is unknown. `failed`: something is wrong; nothing else in the report may be relied on.
   */
  readonly result: "verified" | "consistent-not-authenticated" | "failed";
  readonly subject: Subject | null;
  readonly checkpoint: {
    readonly origin: string;
    readonly size: number;
    readonly root: string;
  } | null;
  /** Null when the verification failed. Never more than was verified (law 13). */
  readonly assurance: Assurance | null;
  readonly checks: readonly CheckLine[];
  /** The first ones; `problemCount` counts all that were seen. */
  readonly problems: readonly Problem[];
  readonly problemCount: number;
  /** Payloads that were erased, each with the entry that says so. */
  readonly erased: readonly Erased[];
  /** Decisions that were made again from their inputs, and those that could not be; null when it failed. */
  readonly decisions: DecisionsReplayed | null;
  /** What this pack cannot show, in whole sentences. */
  readonly unknown: readonly string[];
}

const shownProblems = 50;

/** Collects what the checks find. Checks go on after a problem, so that one report names them all. */
export class Findings {
  readonly #problems: Problem[] = [];
  readonly #counts = new Map<CheckId, number>();
  readonly #notes = new Map<CheckId, string[]>();
  readonly #failed = new Set<CheckId>();
  readonly #trusting: boolean;
  #count = 0;

  /** @param trusting whether a trust root was given */
  constructor(trusting: boolean) {
    this.#trusting = trusting;
  }

  problem(check: CheckId, location: Location, message: string): void {
    this.#count += 1;
    this.#failed.add(check);
    if (this.#problems.length === shownProblems) return;
    this.#problems.push({ check, where: describe(location), location, message });
  }

  /** `count` more things of a check were looked at. */
  seen(check: CheckId, count = 1): void {
    this.#counts.set(check, (this.#counts.get(check) ?? 0) + count);
  }

  note(check: CheckId, text: string): void {
    this.#notes.set(check, [...(this.#notes.get(check) ?? []), text]);
  }

  get problemCount(): number {
    return this.#count;
  }

  get problems(): readonly Problem[] {
    return this.#problems;
  }

  failed(check: CheckId): boolean {
    return this.#failed.has(check);
  }

  lines(): readonly CheckLine[] {
    return (Object.keys(checkTitles) as CheckId[]).map((id) => {
      const count = this.#counts.get(id) ?? 0;
      const state = this.failed(id) ? "failed" : count === 0 ? "none" : "ok";
      const title = (this.#trusting ? null : untrustedTitles[id]) ?? checkTitles[id];
      return { id, title, state, count, notes: this.#notes.get(id) ?? [] };
    });
  }
}

function describe({ file, entry, stream }: Location): string {
  return [
    file,
    entry === undefined ? undefined : `entry ${entry}`,
    stream === undefined ? undefined : `stream ${stream}`,
  ]
    .filter((part) => part !== undefined)
    .join(", ");
}
