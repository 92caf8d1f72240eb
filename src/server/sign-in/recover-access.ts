import { openLog, recoverAccess } from "../../compose.ts";
import { TidelockError } from "../../model/errors.ts";
import { openDataDir } from "../../store/data-dir.ts";
import { openDatabase } from "../../store/database.ts";
import { migrate } from "../../store/migrate.ts";
import type { Schema } from "../../store/schema.ts";
import { findServers } from "../../store/server-record.ts";
import { ownVersion } from "../serve.ts";

/**
 * A way in for whoever owns the machine, when nobody can sign in any more: a link that makes an administrator, said
 * loudly in the ledger. It asks no server and no password: who can read the data directory has everything that opens
 * the database.
 *
 * @throws TidelockError `unavailable` when the ledger cannot say that it happened
 */
export async function recoverAccessOf(
  dataDir: string,
  databaseUrl: string | undefined,
  notice: (message: string) => void,
): Promise<{ readonly secret: string; readonly url: string | null }> {
  const paths = openDataDir(dataDir);
  const database = await openDatabase<Schema>(
    databaseUrl === undefined ? { dataDir: paths.root } : { databaseUrl },
    { onNotice: notice, maxConnections: 4 },
  );
  try {
    const version = ownVersion();
    await migrate(database.pool, { programVersion: version });
    const log = openLog({ paths }, database.db, notice);
    const behind = await log.open(version);
    if (behind !== null) {
      throw new TidelockError("unavailable", `the ledger takes nothing in now: ${behind}`, {
        hint: "see docs/operations.md, Restore; the token of the data directory is of no use then either",
      });
    }
    const secret = await recoverAccess(database);
    const [server] = findServers(paths.root);
    return { secret, url: server?.url ?? null };
  } finally {
    await database.close();
  }
}
