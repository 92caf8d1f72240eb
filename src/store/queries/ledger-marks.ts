import { hkdfSync } from "node:crypto";
import { equalBytes, toHex } from "../../ledger/bytes.ts";
import { hmacSha256 } from "../../ledger/crypto.ts";
import type { Db } from "../schema.ts";
import type { TreeHead } from "./ledger-tree.ts";

/** What of an entry is written once and never changes. */
export interface MarkedEntry {
  readonly operation: string;
  readonly kind: string;
  readonly stream: string;
  readonly actor: string;
  readonly commitment: Buffer;
}

type MarkedTree = Pick<TreeHead, "origin" | "size" | "root" | "frontier" | "lastTime">;

/**
 * How servers know their own writing: HMAC-SHA-256 under a key that follows from `server/ledger.key` and is not in
 * the database. Whoever can write to the database alone can add rows, and no marks.
 */
export class EntryMarks {
  readonly #key: Uint8Array;

  /** @param master 32 bytes, the same for all servers of a database */
  constructor(master: Uint8Array) {
    this.#key = new Uint8Array(hkdfSync("sha256", master, "", "tidelock ledger marks 1", 32));
  }

  ofEntry({ operation, kind, stream, actor, commitment }: MarkedEntry): Buffer {
    const names = JSON.stringify(["entry", operation, kind, stream, actor]);
    return this.#over(`${names}${commitment.toString("hex")}`);
  }

  ofTree({ origin, size, root, frontier, lastTime }: MarkedTree): Buffer {
    const edge = frontier.map(toHex).join("");
    return this.#over(JSON.stringify(["tree", origin, size, toHex(root), edge, lastTime]));
  }

  #over(text: string): Buffer {
    return Buffer.from(hmacSha256(this.#key, Buffer.from(text)).buffer);
  }
}

/** Not for secrets of the server's own: whoever writes marks does not see how long a comparison takes. */
export function isMark(mark: Buffer | null | undefined, right: Buffer): boolean {
  return mark !== null && mark !== undefined && equalBytes(mark, right);
}

/** By what a database's handle and its transactions have in common. */
const byDatabase = new WeakMap<object, EntryMarks>();

/** What is appended through `db` and its transactions is marked with these from here on. */
export function markWith(db: Db, marks: EntryMarks): void {
  byDatabase.set(db.getExecutor().adapter, marks);
}

/** Undefined while the key is not known to be the one of this database: then nothing can be written. */
export function marksOf(db: Db): EntryMarks | undefined {
  return byDatabase.get(db.getExecutor().adapter);
}
