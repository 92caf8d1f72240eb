import { parseCheckpoint } from "../../../ledger/checkpoint.ts";
import { parseNote, parseVerifierKey } from "../../../ledger/note.ts";
import { proveConsistency } from "../../../ledger/proof.ts";
import { hashSource } from "../../../store/queries/ledger-checkpoints.ts";
import { keepCosignature, type WitnessRecord } from "../../../store/queries/ledger-outside.ts";
import type { CheckpointRow } from "../../../store/schema-ledger.ts";
import type { Db } from "../../../store/schema.ts";
import { askWitness, type KnownWitness, lastCosigned } from "../../../witness/client.ts";
import { compareWithWorld, type WorldAnswer } from "./world.ts";

/** What came of one exchange; `trouble` is for people, `behind` closes the ledger. */
export type OutsideAnswer =
  | { readonly kind: "done" }
  | { readonly kind: "trouble"; readonly message: string }
  | Extract<WorldAnswer, { readonly kind: "behind" }>;

/** Asks one witness to cosign, verifies what it gives, and keeps it. Throws what the network throws. */
export async function cosignWith(
  db: Db,
  record: WitnessRecord,
  { log, size: text, note }: CheckpointRow,
  signal: AbortSignal,
): Promise<OutsideAnswer> {
  const size = Number(text);
  if (Number(record.size ?? 0) >= size) return { kind: "done" };
  const witness = knownWitness(record);
  const prove = (from: number) => proveConsistency(from, size, hashSource(db, size));
  const answer = await askWitness(witness, note, Number(record.size ?? 0), prove, { signal });
  if (answer.kind === "cosigned") {
    await keepCosignature(db, { log, size, witness: record.name, line: answer.line });
    return { kind: "done" };
  }
  const said =
    answer.kind === "ahead"
      ? `has cosigned ${answer.size} entries, and this log has ${size}`
      : `answers ${answer.status}: ${answer.message}`;
  const { origin } = parseCheckpoint(parseNote(note).text);
  const compared = await compareWithWitness(db, record, origin, signal);
  // Ahead of us, and it agrees: another server of this database was faster.
  if (compared.kind !== "done" || answer.kind === "ahead") return compared;
  return { kind: "trouble", message: `the witness ${record.name} ${said}` };
}

/** Looks at what a witness shows of a log of ours. Throws what the network throws. */
export async function compareWithWitness(
  db: Db,
  record: Pick<WitnessRecord, "name" | "key" | "url">,
  origin: string,
  signal: AbortSignal,
): Promise<OutsideAnswer> {
  const note = await lastCosigned(knownWitness(record), origin, { signal });
  if (note === null) return { kind: "done" };
  const answer = await compareWithWorld(db, note, origin, `the witness ${record.name}`);
  if (answer.kind === "behind") return answer;
  return answer.kind === "agrees" ? { kind: "done" } : { kind: "trouble", message: answer.why };
}

function knownWitness({
  name,
  key,
  url,
}: Pick<WitnessRecord, "name" | "key" | "url">): KnownWitness {
  return { name, url, key: parseVerifierKey(key) };
}
