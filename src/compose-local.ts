import type { z } from "zod";
import { findServers } from "./store/server-record.ts";
import { findToken } from "./store/token.ts";

/**
 * What the command line needs of this machine without a server. The only file of its own that reaches
 * below the API.
 */

/** The server that has run longest on a data directory; null when this user can see none. */
export function findLocalServer(
  dataDir: string,
): { readonly url: string; readonly token: string; readonly from: string } | null {
  const [server] = findServers(dataDir);
  const token = server === undefined ? undefined : findToken(dataDir);
  if (server === undefined || token === undefined) return null;
  return { url: server.url, token, from: `data directory ${dataDir}` };
}

/** Whether a server of this data directory still answers to that address. */
export function isServing(dataDir: string, url: string): boolean {
  return findServers(dataDir).some((server) => server.url === url);
}

/** Adapter id to the schema of its `with`: what a pipeline file's checks are held against. */
export async function checkSchemas(): Promise<ReadonlyMap<string, z.ZodType>> {
  // Loaded only by the commands that read a file: the others start faster without.
  const { checks } = await import("./checks/registry.ts");
  return new Map([...checks].map(([id, check]) => [id, check.schema]));
}
