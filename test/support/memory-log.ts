import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { toBase64, toHex } from "../../src/ledger/bytes.ts";
import { formatCheckpoint } from "../../src/ledger/checkpoint.ts";
import { cosign } from "../../src/ledger/cosignature.ts";
import { commit, encodeEntry } from "../../src/ledger/entry.ts";
import { hashLeaf, hashNode } from "../../src/ledger/hash.ts";
import {
  formatNote,
  formatVerifierKey,
  noteKey,
  noteKeyTypes,
  parseNote,
  signNote,
} from "../../src/ledger/note.ts";
import { proveConsistency, proveInclusion } from "../../src/ledger/proof.ts";
import type { LeafEntry, Opening } from "../../src/model/ledger.ts";
import type { Signer } from "../../src/ports/signer.ts";
import type { EntryLine } from "../../src/audit/format.ts";

/** A log in memory with everything that an honest one, or an attacker with its key, can do. */

/** An Ed25519 key that follows from a word, so that a test's bytes are the same every time. */
export interface TestKey extends Signer {
  readonly pem: string;
}

export function testKey(name: string, seed = name): TestKey {
  const secret = createHash("sha256").update(seed).digest();
  const prefix = Buffer.from("302e020100300506032b657004220420", "hex");
  const key: KeyObject = createPrivateKey({
    key: Buffer.concat([prefix, secret]),
    format: "der",
    type: "pkcs8",
  });
  const publicKey = createPublicKey(key);
  return {
    name,
    pem: publicKey.export({ format: "pem", type: "spki" }).toString(),
    publicKey: Uint8Array.from(publicKey.export({ format: "der", type: "spki" }).subarray(-32)),
    sign: async (message) => Uint8Array.from(sign(null, message, key)),
  };
}

export function logKeyText(key: Signer): string {
  return formatVerifierKey(noteKey(key.name, noteKeyTypes.ed25519, key.publicKey));
}

export function witnessKeyText(key: Signer): string {
  return formatVerifierKey(noteKey(key.name, noteKeyTypes.cosignature, key.publicKey));
}

export interface NewEntry {
  readonly kind: string;
  readonly operation: string;
  readonly stream: string;
  readonly actor?: string;
  readonly payload: Opening["payload"];
}

export interface Kept {
  readonly leaf: LeafEntry;
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
  opening: Opening | null;
}

export interface SignedCheckpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: string;
  readonly note: string;
}

export class MemoryLog {
  readonly origin: string;
  readonly entries: Kept[] = [];
  /** Unix milliseconds of the last entry; each one moves it by a second. */
  now = Date.parse("2026-11-01T12:00:00.000Z");

  constructor(origin: string) {
    this.origin = origin;
  }

  append(entry: NewEntry, overrides: Partial<LeafEntry> = {}): number {
    this.now += 1_000;
    const before = this.entries.findLast(({ leaf }) => leaf.stream === entry.stream);
    const salt = createHash("sha256").update(`${this.entries.length}/${entry.operation}`).digest();
    const leaf: LeafEntry = {
      formatVersion: 1,
      kind: entry.kind,
      operation: entry.operation,
      stream: entry.stream,
      sequence: (before?.leaf.sequence ?? 0) + 1,
      previous: before ? toHex(before.hash) : null,
      time: new Date(this.now).toISOString(),
      actor: entry.actor ?? "tidelock",
      payload: commit(salt, entry.payload),
      ...overrides,
    };
    const bytes = encodeEntry(leaf);
    const opening = { salt: toHex(salt), payload: entry.payload };
    this.entries.push({ leaf, bytes, hash: hashLeaf(bytes), opening });
    return this.entries.length - 1;
  }

  /** Payload and salt go together; the leaf stays. */
  erase(index: number, reason: string, blobs: readonly string[] = []): void {
    const entry = this.entries[index];
    if (entry) entry.opening = null;
    const payload = { entry: index, reason, blobs: [...blobs] };
    this.append({ kind: "payload.erased", operation: `erase/${index}`, stream: "system", payload });
  }

  async checkpoint(
    signers: readonly Signer[],
    witnesses: readonly Signer[] = [],
    size = this.entries.length,
  ): Promise<SignedCheckpoint> {
    const root = this.root(size);
    const text = formatCheckpoint({ origin: this.origin, size, root });
    const signatures = await Promise.all(signers.map((signer) => signNote(text, signer)));
    const seconds = Math.floor(Date.parse(this.entries[size - 1]?.leaf.time ?? "") / 1000) + 1;
    for (const witness of witnesses) signatures.push(await cosign(text, seconds, witness));
    const note = formatNote({ text, signatures });
    parseNote(note);
    return { origin: this.origin, size, root: toHex(root), note };
  }

  root(size = this.entries.length): Uint8Array {
    return this.#node(0, size);
  }

  /** Lines of entries.jsonl for these indices, proven in the tree of `size`. */
  async lines(indices: readonly number[], size = this.entries.length): Promise<EntryLine[]> {
    return Promise.all(
      indices.map(async (index) => {
        const kept = this.entries[index];
        if (!kept) throw new Error(`there is no entry ${index}`);
        const proof = await proveInclusion(index, size, (level, at) => this.#full(level, at));
        return {
          index,
          leaf: toBase64(kept.bytes),
          proof: proof.map(toBase64),
          opening: kept.opening,
        };
      }),
    );
  }

  async consistency(from: number, to = this.entries.length): Promise<string[]> {
    const proof = await proveConsistency(from, to, (level, at) => this.#full(level, at));
    return proof.map(toBase64);
  }

  #full(level: number, at: number): Uint8Array {
    return this.#node(at * 2 ** level, (at + 1) * 2 ** level);
  }

  readonly #cache = new Map<string, Uint8Array>();

  #node(start: number, end: number): Uint8Array {
    if (end - start === 1) return this.entries[start]?.hash ?? new Uint8Array(32);
    const id = `${start}-${end}`;
    const known = this.#cache.get(id);
    if (known) return known;
    let half = 1;
    while (half * 2 < end - start) half *= 2;
    const hash = hashNode(this.#node(start, start + half), this.#node(start + half, end));
    this.#cache.set(id, hash);
    return hash;
  }
}
