import { equalBytes, toBase64 } from "../ledger/bytes.ts";
import { parseCheckpoint } from "../ledger/checkpoint.ts";
import { parseNote } from "../ledger/note.ts";
import { type HashSource, proveConsistency, rootFromHashes } from "../ledger/proof.ts";
import { LogSucceeded } from "../audit/payloads.ts";
import type { PackContent } from "../audit/write-pack.ts";
import { TidelockError } from "../model/errors.ts";
import { checkpointAt, checkpointsCovering } from "../store/queries/ledger-checkpoints.ts";
import type { StoredLeaf } from "../store/queries/ledger-read.ts";
import type { Db } from "../store/schema.ts";

type History = PackContent["history"];

/** How many of the newest anchored, cosigned and other sizes a pack connects without being asked. */
const remembered = 64;
const newest = 256;

/**
 * Earlier checkpoints that a verifier may know: where a key of the log was introduced (signed by the key
 * before it), what was anchored or cosigned, and what the asker has in hand.
 *
 * @param seen signed notes from outside
 * @throws TidelockError `digest-mismatch` when somebody saw another tree than this database has
 */
export async function historyOf(
  db: Db,
  tree: { readonly log: number; readonly origin: string; readonly size: number },
  leaves: readonly StoredLeaf[],
  seen: readonly string[],
  hashAt: HashSource,
): Promise<History> {
  const notes = new Map<number, string>();
  // The log's own before its predecessors': sizes of the two do not meet, and should they, this one is signed now.
  for (const log of (await logsOf(db)).toSorted((a, b) => b - a)) {
    for (const size of [
      ...(await introductions(db, log, leaves)),
      ...(await knownOutside(db, log)),
    ]) {
      if (size < 1 || size >= tree.size || notes.has(size)) continue;
      const note = await cosignedNote(db, log, size);
      if (note !== null) notes.set(size, note);
    }
  }
  for (const note of seen) {
    const size = await requireOwn(note, tree, predecessorsIn(leaves), hashAt);
    if (size !== null && size < tree.size && !notes.has(size)) notes.set(size, note);
  }
  const history: History[number][] = [];
  for (const [size, note] of notes) {
    const proof = await proveConsistency(size, tree.size, hashAt);
    history.push({ size, note, proof: proof.map(toBase64) });
  }
  return history;
}

/** All that this database was: a successor's tree begins with its predecessors'. */
async function logsOf(db: Db): Promise<readonly number[]> {
  const rows = await db.selectFrom("ledger_checkpoints").select("log").distinct().execute();
  return rows.map(({ log }) => log);
}

/** The first checkpoint of a log behind each change of keys. */
async function introductions(
  db: Db,
  log: number,
  leaves: readonly StoredLeaf[],
): Promise<readonly number[]> {
  const sizes: number[] = [];
  for (const { index, entry } of leaves) {
    if (entry.kind !== "key.added") continue;
    const covering = await checkpointsCovering(db, index);
    for (const one of covering) if (one.log === log) sizes.push(Number(one.size));
  }
  return sizes;
}

/** Origin to how much of it is left. */
function predecessorsIn(leaves: readonly StoredLeaf[]): ReadonlyMap<string, number> {
  return new Map(
    leaves.flatMap(({ entry, opening }) => {
      const said = entry.kind === "log.succeeded" ? LogSucceeded.safeParse(opening?.payload) : null;
      return said?.success ? [[said.data.predecessor.origin, said.data.predecessor.size]] : [];
    }),
  );
}

async function knownOutside(db: Db, log: number): Promise<readonly number[]> {
  const recent = await db
    .selectFrom("ledger_checkpoints")
    .select("size")
    .where("log", "=", log)
    .orderBy("size", "desc")
    .limit(newest)
    .execute();
  const [cosigned, anchored] = await Promise.all(
    (["ledger_cosignatures", "ledger_anchored"] as const).map((table) =>
      db
        .selectFrom(table)
        .select("size")
        .distinct()
        .where("log", "=", log)
        .orderBy("size", "desc")
        .limit(remembered)
        .execute(),
    ),
  );
  return [...recent, ...(cosigned ?? []), ...(anchored ?? [])].map(({ size }) => Number(size));
}

/** The note with every cosignature that came for its size; null when no checkpoint has this size. */
export async function cosignedNote(db: Db, log: number, size: number): Promise<string | null> {
  const checkpoint = await checkpointAt(db, log, size);
  if (!checkpoint) return null;
  const lines = await db
    .selectFrom("ledger_cosignatures")
    .select("line")
    .where("log", "=", log)
    .where("size", "=", String(size))
    .orderBy("witness")
    .execute();
  return [checkpoint.note, ...lines.map(({ line }) => `${line.replace(/\n$/, "")}\n`)].join("");
}

/**
 * A checkpoint that somebody kept is one of this log's, or the most important news that there is. Null for one of a
 * predecessor that saw what was lost when the database was put back: the verification says so.
 */
async function requireOwn(
  note: string,
  tree: { readonly origin: string; readonly size: number },
  predecessors: ReadonlyMap<string, number>,
  hashAt: HashSource,
): Promise<number | null> {
  const { origin, size, root } = parseCheckpoint(parseNote(note).text);
  const where = `checkpoint of size ${size}`;
  const left = predecessors.get(origin);
  if (left !== undefined && size > left) return null;
  if (origin !== tree.origin && left === undefined) {
    throw new TidelockError(
      "invalid-input",
      `it is a checkpoint of ${origin}, not of ${tree.origin}`,
      {
        fault: "operator",
        where,
      },
    );
  }
  if (size >= 1 && size <= tree.size) {
    if (equalBytes(await rootFromHashes(size, hashAt), root)) return size;
  }
  throw new TidelockError(
    "digest-mismatch",
    size > tree.size
      ? `this log has ${tree.size} entries, and the checkpoint saw ${size}: the database is older than it`
      : "the checkpoint saw another history than this database has",
    {
      where,
      hint: "keep the checkpoint: it is evidence that the log was rewritten or set back",
    },
  );
}
