import { createPrivateKey, generateKeyPairSync, sign } from "node:crypto";
import { hashLeaf } from "../../src/ledger/hash.ts";
import { formatCheckpoint } from "../../src/ledger/checkpoint.ts";
import { encodeEntry } from "../../src/ledger/entry.ts";
import { toHex } from "../../src/ledger/bytes.ts";
import {
  type NoteKey,
  type NoteKeyType,
  type NoteSigner,
  formatNote,
  noteKey,
  noteKeyTypes,
  signNote,
} from "../../src/ledger/note.ts";
import { Frontier } from "../../src/ledger/range.ts";
import type { LeafEntry } from "../../src/model/ledger.ts";

/** A signer with a new key, and what its verifiers know. */
export interface TestSigner extends NoteSigner {
  readonly key: NoteKey;
  /** PKCS#8 PEM, for other programs. */
  readonly pem: string;
}

export function aSigner(name: string, type: NoteKeyType = noteKeyTypes.ed25519): TestSigner {
  const pair = generateKeyPairSync("ed25519");
  const publicKey = Uint8Array.from(
    pair.publicKey.export({ type: "spki", format: "der" }).subarray(-32),
  );
  const pem = pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const privateKey = createPrivateKey(pem);
  return {
    name,
    publicKey,
    pem,
    key: noteKey(name, type, publicKey),
    sign: async (message) => Uint8Array.from(sign(null, message, privateKey)),
  };
}

export async function signedCheckpoint(
  signer: NoteSigner,
  checkpoint: { size: number; root: Uint8Array; origin?: string },
): Promise<string> {
  const text = formatCheckpoint({ origin: signer.name, ...checkpoint });
  return formatNote({ text, signatures: [await signNote(text, signer)] });
}

/** What a test says of an entry; the rest follows from the log so far. */
export type EntryWish = Partial<LeafEntry> & Pick<LeafEntry, "kind" | "operation">;

/** A log in memory whose entries are all right, unless a wish says otherwise. */
export class LogInMemory {
  readonly entries: Uint8Array[] = [];
  readonly frontier = Frontier.empty();
  readonly roots: Uint8Array[] = [this.frontier.root()];
  readonly hashes = new Map<string, Uint8Array>();
  readonly #streams = new Map<string, { sequence: number; hash: string }>();

  get size(): number {
    return this.entries.length;
  }

  readonly hashAt = (level: number, index: number): Uint8Array => {
    const hash = this.hashes.get(`${level}/${index}`);
    if (hash === undefined) throw new Error(`nothing complete at ${level}/${index}`);
    return hash;
  };

  append(wish: EntryWish): LeafEntry {
    const stream = wish.stream ?? "shop/production";
    const last = this.#streams.get(stream);
    const entry: LeafEntry = {
      formatVersion: 1,
      stream,
      sequence: (last?.sequence ?? 0) + 1,
      previous: last?.hash ?? null,
      time: new Date(Date.UTC(2026, 0, 1) + this.size).toISOString(),
      actor: "tidelock",
      payload: `hmac-sha256:${"0".repeat(64)}`,
      ...wish,
    };
    const hash = this.appendBytes(encodeEntry(entry));
    this.#streams.set(stream, { sequence: entry.sequence, hash: toHex(hash) });
    return entry;
  }

  appendBytes(bytes: Uint8Array): Uint8Array {
    const hash = hashLeaf(bytes);
    this.entries.push(bytes);
    this.frontier.append(hash, (level, index, complete) =>
      this.hashes.set(`${level}/${index}`, complete),
    );
    this.roots.push(this.frontier.root());
    return hash;
  }

  /** Alternating streams, with an effect now and then. */
  fill(count: number): this {
    for (let at = this.size, end = at + count; at < end; at++) {
      const stream = ["shop/production", "shop/testing", "system"][at % 3] ?? "system";
      this.append({ kind: "decision.made", operation: `decision/${at}`, stream });
    }
    return this;
  }

  root(size = this.size): Uint8Array {
    return this.roots[size] ?? this.frontier.root();
  }

  checkpoint(signer: NoteSigner, size = this.size): Promise<string> {
    return signedCheckpoint(signer, { size, root: this.root(size) });
  }
}
