import { sql } from "kysely";
import { hashesFromTiles, type Tile } from "../../ledger/tiles.ts";
import type { HashSource } from "../../ledger/proof.ts";
import { TidelockError } from "../../model/errors.ts";
import type { CheckpointRow } from "../schema-ledger.ts";
import type { Db } from "../schema.ts";

/** Checkpoints as they were signed, and the hashes that proofs between and into them are made of. */

/** Answers what stands there: a checkpoint that somebody else made of the same size is the same one. */
export async function keepCheckpoint(
  db: Db,
  checkpoint: Pick<CheckpointRow, "log" | "root" | "note"> & { readonly size: number },
): Promise<CheckpointRow> {
  await db
    .insertInto("ledger_checkpoints")
    .values(checkpoint)
    .onConflict((conflict) => conflict.columns(["log", "size"]).doNothing())
    .execute();
  const kept = await checkpointAt(db, checkpoint.log, checkpoint.size);
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

/**
 * The bytes of a hash tile, `width * 32` of them or fewer where the tree has not so many. Level 0 stands
 * with the leaves, higher ones in `ledger_nodes`.
 */
export async function readTile(db: Db, tile: Tile): Promise<Buffer> {
  const [from, to] = [tile.index * 256, tile.index * 256 + tile.width];
  const { rows } =
    tile.level === 0
      ? await sql<{ hash: Buffer }>`
          select hash from ledger_leaves where index >= ${from} and index < ${to} order by index
        `.execute(db)
      : await sql<{ hash: Buffer }>`
          select hash from ledger_nodes
          where level = ${tile.level} and index >= ${from} and index < ${to} order by index
        `.execute(db);
  return Buffer.concat(rows.map(({ hash }) => hash));
}

/** Hashes for proofs in the tree of `size` leaves. Worth something once the proof leads to a signed root. */
export function hashSource(db: Db, size: number): HashSource {
  return hashesFromTiles(size, (tile) => readTile(db, tile));
}
