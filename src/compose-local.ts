import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { layout } from "./model/layout.ts";

/** What commands need of this machine without a server: the only file of the command line's that knows parts below the API. */

const ServerFile = z.object({ url: z.url() });

/** The server that runs, or ran last, on a data directory; null when this user cannot see one. */
export function findLocalServer(
  dataDir: string,
): { readonly url: string; readonly token: string; readonly from: string } | null {
  const file = join(layout(dataDir).server, "server.json");
  try {
    const { url } = ServerFile.parse(JSON.parse(readFileSync(file, "utf8")));
    const token = readFileSync(join(layout(dataDir).server, "token"), "utf8").trim();
    return { url, token, from: file };
  } catch {
    return null;
  }
}
