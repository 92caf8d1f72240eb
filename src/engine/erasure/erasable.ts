import { TidelockError } from "../../model/errors.ts";
import type { Kind } from "../ledger/kinds.ts";
import { activeHolds, type ErasableEntry, erasableEntry } from "../../store/queries/erasures.ts";
import type { Db } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";

/**
 * What may be erased: content about people and runs. Keys, ends of streams, documents, what agents signed
 * and the like hold nobody's data, and every later proof leans on them.
 */
const erasableKinds: ReadonlySet<string> = new Set<Kind | "attestation.added">([
  "check.reported",
  "decision.made",
  "attestation.added",
  "promotion.accepted",
  "promotion.ending",
  "promotion.ended",
  "step.ended",
  "effect.intent",
  "effect.outcome",
  "effect.failure",
  "configuration.applied",
]);

/**
 * The entry, if it may be erased now: of a kind that can go, past its retention, under no hold.
 *
 * Throws `not-found`, `conflict` (erased already), `denied` (kind, retention or hold), each naming why.
 */
export async function requireErasable(
  engine: Engine,
  db: Db,
  index: number,
): Promise<ErasableEntry> {
  const entry = await erasableEntry(db, index);
  const where = `entry ${index}`;
  if (!entry) {
    throw new TidelockError("not-found", `the ledger has no entry ${index}`, {
      fault: "operator",
      where,
      hint: "an entry's index is its place in the log, from 0",
    });
  }
  if (entry.payload === null) {
    throw new TidelockError("conflict", "it is erased already", { fault: "operator", where });
  }
  if (!erasableKinds.has(entry.kind)) {
    throw denied(
      where,
      `an entry of the kind ${entry.kind} is never erased: later proofs lean on it`,
    );
  }
  requireOld(engine, entry.age, where);
  await requireNoHold(db, entry.stream, where);
  return entry;
}

export function requireOld(engine: Engine, age: number, where: string): void {
  const { retentionMs } = engine.settings;
  if (age >= retentionMs) return;
  const until = new Date(Date.now() + retentionMs - age).toISOString();
  throw denied(where, `it has to be kept until ${until} (retention ${days(retentionMs)})`);
}

/** @param stream null: whatever the hold is about, it stands in the way */
export async function requireNoHold(db: Db, stream: string | null, where: string): Promise<void> {
  const holds = await activeHolds(db);
  const hold = holds.find((one) => stream === null || one.stream === null || one.stream === stream);
  if (hold) throw denied(where, `a legal hold stands (${hold.id}): ${hold.reason}`);
}

function denied(where: string, message: string): TidelockError {
  return new TidelockError("denied", message, {
    fault: "operator",
    where,
    hint: "nothing was erased",
  });
}

function days(ms: number): string {
  return `${Math.round(ms / 86_400_000)} days`;
}
