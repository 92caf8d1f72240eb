import type { LeafEntry } from "../model/ledger.ts";
import { toHex } from "./bytes.ts";
import { Fingerprints } from "./fingerprints.ts";

/** What must hold between the entries of a log, whatever they are about. */
export type RuleBroken =
  | "sequence" // a stream has a gap, a repetition or begins in its middle
  | "previous" // an entry does not follow the one that stands before it in its stream
  | "time" // an entry is older than the one before it in the log
  | "duplicate" // one operation of one kind is there twice
  | "no-intent"; // an outcome without the intent before it

export interface BrokenRule {
  readonly what: RuleBroken;
  readonly message: string;
}

/** An effect that was announced and of which no end is known. In a log that goes on it may be running. */
export interface OpenIntent {
  readonly operation: string;
  readonly stream: string;
  readonly index: number;
}

export interface StreamEnd {
  readonly sequence: number;
  /** Leaf hash of its last entry, as hex. */
  readonly last: string;
}

const closing = new Set(["effect.outcome", "effect.failure", "effect.unseen"]);

/**
 * Takes the entries of a log in order. Keeps one line for each stream, one for each open intent, and a fingerprint
 * for each entry.
 */
export class EntryRules {
  readonly #streams = new Map<string, StreamEnd>();
  readonly #open = new Map<string, OpenIntent>();
  readonly #seen = new Fingerprints();
  #time = "";

  get streams(): ReadonlyMap<string, StreamEnd> {
    return this.#streams;
  }

  /** In the order of the log. */
  openIntents(): OpenIntent[] {
    return [...this.#open.values()];
  }

  /** Null when the entry may stand here. After a broken rule the state means nothing any more. */
  take(entry: LeafEntry, index: number, leafHash: Uint8Array): BrokenRule | null {
    return (
      this.#inStream(entry, leafHash) ??
      this.#inTime(entry) ??
      this.#once(entry) ??
      this.#intents(entry, index)
    );
  }

  #inStream({ stream, sequence, previous }: LeafEntry, leafHash: Uint8Array): BrokenRule | null {
    const end = this.#streams.get(stream);
    const expected = (end?.sequence ?? 0) + 1;
    if (sequence !== expected) {
      const message = `the stream goes on with number ${sequence} where ${expected} belongs`;
      return { what: "sequence", message };
    }
    if (previous !== (end?.last ?? null)) {
      const message = `the entry follows one with hash ${previous}, the stream's last has ${end?.last ?? "none"}`;
      return { what: "previous", message };
    }
    this.#streams.set(stream, { sequence, last: toHex(leafHash) });
    return null;
  }

  #inTime({ time }: LeafEntry): BrokenRule | null {
    // One form and one zone: the order of the texts is the order in time.
    if (time < this.#time) {
      return { what: "time", message: `the entry of ${time} stands behind one of ${this.#time}` };
    }
    this.#time = time;
    return null;
  }

  #once({ kind, operation }: LeafEntry): BrokenRule | null {
    if (this.#seen.add(`${kind}\n${operation}`)) return null;
    const message = `${kind} of the operation ${JSON.stringify(operation)} is there a second time`;
    return { what: "duplicate", message };
  }

  #intents({ kind, operation, stream }: LeafEntry, index: number): BrokenRule | null {
    if (kind === "effect.intent") {
      this.#open.set(operation, { operation, stream, index });
      return null;
    }
    if (!closing.has(kind)) return null;
    // Spaces are in no kind, so this is no entry's own fingerprint.
    const announced = `intent in ${stream}\n${operation}`;
    if (this.#open.get(operation)?.stream === stream) {
      // A failure may be followed by the outcome of a later attempt, when it is open no more.
      this.#open.delete(operation);
      this.#seen.add(announced);
      return null;
    }
    if (this.#seen.has(announced)) return null;
    const message = `${kind} of the operation ${JSON.stringify(operation)} has no intent before it in its stream`;
    return { what: "no-intent", message };
  }
}
