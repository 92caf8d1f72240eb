import { fromBase64, toHex } from "../../../src/ledger/bytes.ts";
import { nodeCrypto } from "../../../src/ledger/crypto.ts";
import { commit, decodeEntry, opens } from "../../../src/ledger/entry.ts";
import { hashLeaf } from "../../../src/ledger/hash.ts";
import { parseVerifierKey } from "../../../src/ledger/note.ts";
import { verifyTlogProof } from "../../../src/ledger/tlog-proof.ts";
import { verifyLog } from "../../../src/ledger/verify-log.ts";

/** What the page is asked; everything as text, because it goes through the browser's protocol. */
export interface Asked {
  readonly origin: string;
  readonly keys: readonly string[];
  readonly witnesses: readonly string[];
  readonly checkpoint: string;
  readonly bundles: readonly string[];
  readonly receipt: string;
  readonly entry: string;
}

export interface Answered {
  readonly node: boolean;
  readonly log: string;
  readonly cosigned: number;
  readonly streams: number;
  readonly receipt: string;
  readonly operation: string;
  readonly opens: boolean;
}

export async function verifyInPage(asked: Asked): Promise<Answered> {
  const log = { origin: asked.origin, keys: asked.keys.map(parseVerifierKey) };
  const witnesses = asked.witnesses.map(parseVerifierKey);
  const bundles = asked.bundles.map((bundle) => fromBase64(bundle));
  const whole = await verifyLog({ bundles, checkpoint: asked.checkpoint, log, witnesses });
  const bytes = fromBase64(asked.entry);
  const receipt = verifyTlogProof(asked.receipt, hashLeaf(bytes), log, witnesses);
  const salt = new Uint8Array(32).fill(1);
  const payload = { what: "deploy" };
  const entry = { ...decodeEntry(bytes), payload: commit(salt, payload) };
  return {
    node: nodeCrypto !== null,
    log: whole.ok ? "right" : `${whole.problem.what} at ${whole.problem.index}`,
    cosigned: whole.ok ? whole.checkpoint.cosignedBy.length : 0,
    streams: whole.ok ? whole.streams.size : 0,
    receipt: receipt.ok ? "right" : receipt.problem,
    operation: entry.operation,
    opens: opens(entry, { salt: toHex(salt), payload }),
  };
}
