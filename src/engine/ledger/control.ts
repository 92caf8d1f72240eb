import type { LedgerProofView, LedgerStatusView } from "../../api/views/ledger.ts";
import { logKeysFile } from "../../audit/log-keys.ts";
import { toBase64, toHex } from "../../ledger/bytes.ts";
import { encodeEntry } from "../../ledger/entry.ts";
import { proveInclusion } from "../../ledger/proof.ts";
import { encodeBundle, parsePath } from "../../ledger/tiles.ts";
import { formatTlogProof } from "../../ledger/tlog-proof.ts";
import { TidelockError } from "../../model/errors.ts";
import { logKeys } from "../../reports/log-keys.ts";
import { cosignedNote } from "../../reports/pack-history.ts";
import type { LedgerControl } from "../../ports/ledger-control.ts";
import {
  checkpointAt,
  hashSource,
  newestCheckpoint,
  readTile,
} from "../../store/queries/ledger-checkpoints.ts";
import { leavesOfOperation, readLeaves, type StoredLeaf } from "../../store/queries/ledger-read.ts";
import { backlog, readTree, rejected } from "../../store/queries/ledger-tree.ts";
import { cosignedSize } from "../../store/queries/ledger-witnesses.ts";
import type { CheckpointRow, LedgerKeyRow } from "../../store/schema-ledger.ts";
import type { Db } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { publicForm } from "./key-rows.ts";
import { makeLedgerOutside } from "./outside/control.ts";
import { recoverLedger } from "./recover.ts";
import { verifyState } from "./verify-state.ts";

export function makeLedgerControl(engine: Engine): LedgerControl {
  const { db, log } = engine;
  return {
    status: () => ledgerStatus(engine),
    file: (path) => ledgerFile(db, path),
    proof: (entry) => ledgerProof(engine, entry),
    verifyState: () => verifyState(log, db),
    async rotateKey(actor, use, overlapMs) {
      const id = await log.keys.rotate(actor.id, use, overlapMs);
      engine.signals.emit("change");
      return `the key ${id} signs from now on; the one before signs beside it until its time is over`;
    },
    async compromiseKey(actor, id, trustedSize) {
      const trusted = trustedSize ?? (await cosignedSize(db));
      await log.keys.compromise(actor.id, id, trusted);
      engine.signals.emit("change");
      const counts =
        trusted === 0
          ? "no checkpoint of it counts any more"
          : `its checkpoints count up to size ${trusted}`;
      return `the key ${id} signs nothing any more, and ${counts}; hand auditors a new trust root: tidelock ledger trust`;
    },
    recover: (actor) => recoverLedger(engine, actor),
  };
}

async function ledgerStatus(engine: Engine): Promise<LedgerStatusView> {
  const { db, log } = engine;
  const outside = makeLedgerOutside(engine);
  const [tree, checkpoint, waiting, strange, trouble, keys, witnesses, anchors] = await Promise.all(
    [
      readTree(db),
      newestCheckpoint(db),
      backlog(db),
      rejected(db),
      log.trouble(),
      db.selectFrom("ledger_keys").selectAll().orderBy("added_at").execute(),
      outside.listWitnesses(),
      outside.listAnchors(),
    ],
  );
  return {
    origin: tree.origin,
    size: tree.size,
    root: toHex(tree.root),
    lastTime: tree.lastTime === null ? null : new Date(tree.lastTime).toISOString(),
    checkpoint: checkpoint
      ? {
          size: Number(checkpoint.size),
          at: checkpoint.at.toISOString(),
          note: checkpoint.note,
        }
      : null,
    waiting: { entries: waiting.waiting, ms: waiting.ms },
    rejected: { entries: strange.count, last: strange.last?.toISOString() ?? null },
    behind: tree.behind ?? log.stranger,
    trouble,
    keys: keys.map((row) => keyView(row, tree.origin)),
    witnesses: [...witnesses],
    anchors: [...anchors],
  };
}

function keyView(row: LedgerKeyRow, origin: string): LedgerStatusView["keys"][number] {
  const key = publicForm(row, origin);
  return {
    id: row.key_id,
    // A verifier key is name+id+base64, and a name has no plus sign.
    noteId: row.use === "log" ? (key.split("+")[1] ?? null) : null,
    use: row.use,
    key,
    state: stateOf(row),
    addedAt: row.added_at.toISOString(),
    signsUntil: row.signs_until?.toISOString() ?? null,
    lastTrustedSize: row.trusted_size === null ? null : Number(row.trusted_size),
    kept: row.sealed ? "sealed" : "outside",
  };
}

function stateOf(row: LedgerKeyRow): LedgerStatusView["keys"][number]["state"] {
  if (row.compromised_at) return "compromised";
  if (row.retired_at) return "retired";
  return row.signs_until ? "ending" : "active";
}

/** Only what a checkpoint covers is shown: it was signed, and is in the database for good. */
async function ledgerFile(db: Db, path: string): Promise<Uint8Array | null> {
  const checkpoint = await newestCheckpoint(db);
  if (!checkpoint) return null;
  if (path === "checkpoint") return Buffer.from(await withCosignatures(db, checkpoint));
  const size = Number(checkpoint.size);
  if (path === logKeysFile) return Buffer.from(`${JSON.stringify(await logKeys(db, size))}\n`);
  const resource = parsePath(path);
  if (!resource) return null;
  const level = resource.kind === "hashes" ? resource.level : 0;
  const there = Math.floor(size / 256 ** level) - resource.index * 256;
  if (level > 7 || there < resource.width) return null;
  if (resource.kind === "hashes") return readTile(db, resource);
  const from = resource.index * 256;
  const leaves = await readLeaves(db, from, from + resource.width);
  try {
    return encodeBundle(leaves.map(({ entry }) => encodeEntry(entry)));
  } catch (cause) {
    throw new TidelockError(
      "digest-mismatch",
      "an entry of the ledger was changed: it is none any more",
      {
        where: path,
        hint: "somebody changed the database: `tidelock ledger verify --state` names the entry",
        cause,
      },
    );
  }
}

async function withCosignatures(db: Db, checkpoint: CheckpointRow): Promise<string> {
  const { log, size, note } = checkpoint;
  return (await cosignedNote(db, log, Number(size))) ?? note;
}

/**
 * The receipt for one entry: under the newest checkpoint that a witness has cosigned where that covers it, else under
 * the newest. What was committed by now is covered.
 */
async function ledgerProof({ db, log }: Engine, wanted: string): Promise<LedgerProofView> {
  // Read-only, the newest that was signed is what there is.
  const { behind } = await readTree(db);
  const checkpoint = behind === null ? await log.flush() : await newestCheckpoint(db);
  const leaf = await findLeaf(db, wanted);
  const size = Number(checkpoint?.size ?? 0);
  if (!leaf || !checkpoint || leaf.index >= size) {
    throw new TidelockError("not-found", `the ledger has no entry ${wanted}`, {
      fault: "operator",
      where: wanted,
      hint: `name an index below ${size}, or an operation as \`tidelock ledger proof\` shows it`,
    });
  }
  const bytes = encodeEntry(leaf.entry);
  const cosigned = await cosignedSize(db);
  const covering =
    leaf.index < cosigned ? await checkpointAt(db, checkpoint.log, cosigned) : undefined;
  const shown = covering ?? checkpoint;
  const treeSize = Number(shown.size);
  const proof = await proveInclusion(leaf.index, treeSize, hashSource(db, treeSize));
  return {
    index: leaf.index,
    entry: leaf.entry,
    leaf: toBase64(bytes),
    opening: leaf.opening,
    receipt: formatTlogProof({
      extra: null,
      index: leaf.index,
      proof,
      checkpoint: await withCosignatures(db, shown),
    }),
  };
}

async function findLeaf(db: Db, wanted: string): Promise<StoredLeaf | undefined> {
  if (/^\d{1,15}$/.test(wanted)) {
    const index = Number(wanted);
    const [leaf] = await readLeaves(db, index, index + 1);
    return leaf;
  }
  return (await leavesOfOperation(db, wanted)).at(-1);
}
