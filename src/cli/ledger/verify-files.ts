import { type BelievedKeys, believeKeys, logKeysFile } from "../../audit/log-keys.ts";
import { type Checkpoint, verifyCheckpoint } from "../../ledger/checkpoint.ts";
import { formatVerifierKey, type NoteKey, parseVerifierKey } from "../../ledger/note.ts";
import { assess } from "../../ledger/quorum.ts";
import { type KnownRoot, type LogProblem, verifyLog } from "../../ledger/verify-log.ts";
import type { Assurance, TrustRoot } from "../../model/trust.ts";
import { bundlesOf, leafTilesOf, type LogFiles, readCheckpointNote, sizeOf } from "./log-files.ts";

export type LedgerReport =
  | {
      readonly ok: true;
      readonly origin: string;
      readonly size: number;
      readonly streams: number;
      /** Effects that were begun and have no end yet. */
      readonly openIntents: number;
      readonly assurance: Assurance;
    }
  | {
      readonly ok: false;
      readonly problem: Pick<LogProblem, "index" | "stream" | "message"> & {
        readonly what: string;
      };
    };

/**
 * Recomputes a whole log from its files: every leaf and tile, the root, the chains of its streams, its times, and
 * the signatures. Without a trust root the answer says how it fits together, and not whose it is.
 */
export async function verifyFiles(files: LogFiles, trust: TrustRoot | null): Promise<LedgerReport> {
  const note = await readCheckpointNote(files);
  const claimed = trust
    ? { origin: trust.log.origin, keys: trust.log.keys }
    : await files.claimed();
  const followed = trust && (await follow(files, trust, note));
  if (typeof followed === "string") return failed("keys", followed);
  const { origin } = claimed;
  const log = { origin, keys: followed?.keys ?? claimed.keys.map(parseVerifierKey) };
  const witnesses = (trust?.witnesses ?? []).map(({ key }) => parseVerifierKey(key));
  let size: number;
  try {
    size = sizeOf(note);
  } catch (error) {
    return failed("checkpoint", (error as Error).message);
  }
  const known = knownRoots(trust, { origin, keys: followed?.everKeys ?? log.keys });
  if (typeof known === "string") return failed("anchor", known);
  const answer = await verifyLog({
    checkpoint: note,
    log,
    witnesses,
    known: [...known, ...(followed?.roots ?? [])],
    ...(followed ? { onEntry: followed.onEntry } : {}),
    bundles: bundlesOf(files, size),
    leafTiles: leafTilesOf(files, size),
  });
  if (!answer.ok) return answer;
  const missing = followed?.missing() ?? null;
  if (missing !== null) return failed("keys", missing);
  const anchors = known.map(({ from, size: seen }) => `${from} (at size ${seen})`);
  const worth = trust === null ? null : assess(note, withKeys(trust, log.keys), anchors);
  if (worth?.ok === false) return failed("witnesses", worth.problem);
  return {
    ok: true,
    origin: log.origin,
    size,
    streams: answer.streams.size,
    openIntents: answer.openIntents.length,
    assurance: worth?.assurance ?? { grade: "consistent-not-authenticated" },
  };
}

/** As packs do it: a key that the log introduced under one that was believed before is believed too. */
async function follow(
  files: LogFiles,
  trust: TrustRoot,
  note: Uint8Array,
): Promise<BelievedKeys | string | null> {
  const file = await files.read(logKeysFile);
  // A log of before this file was there: the trust root's own keys count, and no others.
  return file && believeKeys(file, trust, note);
}

function withKeys(trust: TrustRoot, keys: readonly NoteKey[]): TrustRoot {
  return { ...trust, log: { ...trust.log, keys: keys.map(formatVerifierKey) } };
}

function failed(what: string, message: string): LedgerReport {
  return { ok: false, problem: { what, index: null, stream: null, message } };
}

/** Checkpoints that were seen before; one that our keys did not sign is the owner's mistake, and said. */
function knownRoots(
  trust: TrustRoot | null,
  log: { readonly origin: string; readonly keys: readonly NoteKey[] },
): KnownRoot[] | string {
  const roots: KnownRoot[] = [];
  for (const [at, { note, from }] of (trust?.anchors ?? []).entries()) {
    const answer = verifyCheckpoint(note, log);
    const where = from === "" ? `anchor ${at + 1} of the trust root` : from;
    if (!answer.ok) return `${where}: ${answer.problem}`;
    const { size, root }: Checkpoint = answer.checkpoint;
    roots.push({ size, root, from: where });
  }
  return roots;
}
