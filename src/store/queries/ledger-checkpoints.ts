import { CompiledQuery } from "kysely";
import { hashesFromTiles, type Tile } from "../../ledger/tiles.ts";
import type { HashSource } from "../../ledger/proof.ts";
import { TidelockError } from "../../model/errors.ts";
import { prepared } from "../prepared.ts";
import type { CheckpointRow } from "../schema-ledger.ts";
import type { Db } from "../schema.ts";

/** Checkpoints as they were signed, and the hashes that proofs between and into them are made of. */

/** Answers what stands there: a checkpoint that somebody else made of the same size is the same one. */
export async function keepCheckpoint(
  db: Db,
  checkpoint: Pick<CheckpointRow, "log" | "root" | "note"> & { readonly size: number },
): Promise<CheckpointRow> {
  const written = await db
    .insertInto("ledger_checkpoints")
    .values(checkpoint)
    .onConflict((conflict) => conflict.columns(["log", "size"]).doNothing())
    .returningAll()
    .executeTakeFirst();
  const kept = written ?? (await checkpointAt(db, checkpoint.log, checkpoint.size));
  if (kept?.root.equals(checkpoint.root)) return kept;
  throw new TidelockError(
    "digest-mismatch",
    `the ledger has another root for size ${checkpoint.size} than the one it has signed`,
    {
      where: `ledger_checkpoints, size ${checkpoint.size}`,
      hint: "somebody changed the database: run `tidelock ledger verify`",
    },
  );
}

export async function checkpointAt(
  db: Db,
  log: number,
  size: number,
): Promise<CheckpointRow | undefined> {
  return db
    .selectFrom("ledger_checkpoints")
    .selectAll()
    .where("log", "=", log)
    .where("size", "=", String(size))
    .executeTakeFirst();
}

/** The newest one, of the log that is being written. */
export async function newestCheckpoint(db: Db): Promise<CheckpointRow | undefined> {
  return db
    .selectFrom("ledger_checkpoints")
    .selectAll()
    .where("log", "=", (tree) => tree.selectFrom("ledger_tree").select("log"))
    .orderBy("size", "desc")
    .limit(1)
    .executeTakeFirst();
}

/** The smallest checkpoint of the current log that covers an index. */
export async function checkpointCovering(
  db: Db,
  index: number,
): Promise<CheckpointRow | undefined> {
  return db
    .selectFrom("ledger_checkpoints")
    .selectAll()
    .where("log", "=", (tree) => tree.selectFrom("ledger_tree").select("log"))
    .where("size", ">", String(index))
    .orderBy("size")
    .limit(1)
    .executeTakeFirst();
}

/** The same of every log that this database was: the smallest of each that covers an index. */
export async function checkpointsCovering(
  db: Db,
  index: number,
): Promise<readonly CheckpointRow[]> {
  return db
    .selectFrom("ledger_checkpoints")
    .selectAll()
    .distinctOn("log")
    .where("size", ">", String(index))
    .orderBy("log")
    .orderBy("size")
    .execute();
}

/**
 * The bytes of a hash tile, `width * 32` of them or fewer where the tree has not so many. Level 0 stands
 * with the leaves, higher ones in `ledger_nodes`.
 */
export async function readTile(db: Db, tile: Tile): Promise<Buffer> {
  const [from, to] = [tile.index * 256, tile.index * 256 + tile.width];
  const query =
    tile.level === 0
      ? CompiledQuery.raw(leafHashes, [from, to])
      : CompiledQuery.raw(nodeHashes, [from, to, tile.level]);
  const { rows } = await db.executeQuery<{ hashes: Buffer | null }>(query);
  return rows[0]?.hashes ?? Buffer.alloc(0);
}

const leafHashes = prepared(`
  select string_agg(hash, '' order by index) as hashes from ledger_leaves
  where index >= $1::bigint and index < $2::bigint`);
const nodeHashes = prepared(`
  select string_agg(hash, '' order by index) as hashes from ledger_nodes
  where level = $3::smallint and index >= $1::bigint and index < $2::bigint`);

/** Hashes for proofs in the tree of `size` leaves. Worth something once the proof leads to a signed root. */
export function hashSource(db: Db, size: number): HashSource {
  return hashesFromTiles(size, (tile) => readTile(db, tile));
}
