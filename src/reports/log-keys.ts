import { logKeysFile, type LogKeys } from "../audit/log-keys.ts";
import { toBase64 } from "../ledger/bytes.ts";
import { encodeEntry } from "../ledger/entry.ts";
import { TidelockError } from "../model/errors.ts";
import { checkpointCovering } from "../store/queries/ledger-checkpoints.ts";
import { readStream } from "../store/queries/ledger-read.ts";
import type { Db } from "../store/schema.ts";

/** The file that lies beside a log's tiles: what it says of its keys, up to the newest checkpoint. */
export async function logKeys(db: Db, size: number): Promise<LogKeys> {
  const system = await readStream(db, "system");
  const entries: LogKeys["entries"] = [];
  const checkpoints = new Map<string, string>();
  for (const { index, entry, opening } of system) {
    if (!entry.kind.startsWith("key.") || index >= size) continue;
    if (opening === null) {
      throw new TidelockError("digest-mismatch", `what entry ${index} says of a key is gone`, {
        where: `${logKeysFile}, ${entry.operation}`,
        hint: "somebody changed the database: entries about keys are never erased",
      });
    }
    entries.push({ index, leaf: toBase64(encodeEntry(entry)), opening });
    const covering = entry.kind === "key.added" ? await checkpointCovering(db, index) : undefined;
    if (covering) checkpoints.set(covering.size, covering.note);
  }
  return { kind: "LogKeys", formatVersion: 1, entries, checkpoints: [...checkpoints.values()] };
}
