import { proveInclusion, verifyInclusion } from "../../../src/ledger/proof.ts";
import { hashSource } from "../../../src/store/queries/ledger-checkpoints.ts";
import { readLeaves } from "../../../src/store/queries/ledger-read.ts";
import { readTree } from "../../../src/store/queries/ledger-tree.ts";
import { median } from "../report.ts";
import type { LedgerStore } from "./store.ts";

/** Inclusion proofs of entries spread over the log: making each from the database, and checking it. */
export async function measureProofs(
  { database: { db } }: Pick<LedgerStore, "database">,
  count = 200,
): Promise<{ readonly makeMs: number; readonly verifyMs: number; readonly size: number }> {
  const { size, root } = await readTree(db);
  const make: number[] = [];
  const verify: number[] = [];
  for (let i = 0; i < count; i++) {
    const index = Math.floor((i * size) / count);
    const [leaf] = await readLeaves(db, index, index + 1);
    if (!leaf) throw new Error(`no leaf ${index}`);
    const start = performance.now();
    const proof = await proveInclusion(index, size, hashSource(db, size));
    const made = performance.now();
    const right = verifyInclusion({ index, size, leafHash: leaf.hash, proof, root });
    verify.push(performance.now() - made);
    make.push(made - start);
    if (!right) throw new Error(`the proof of entry ${index} is wrong`);
  }
  return { makeMs: median(make), verifyMs: median(verify), size };
}
