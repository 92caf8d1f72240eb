import { delimiter, isAbsolute } from "node:path";

/** Where the system's package managers put programs. */
const systemFolders = [
  "/usr/local/bin",
  "/usr/bin",
  "/bin",
  "/usr/local/sbin",
  "/usr/sbin",
  "/sbin",
  ...(process.platform === "darwin" ? ["/opt/homebrew/bin"] : []),
];

/**
 * The folders that tools are looked for in: those of `TIDELOCK_TOOLS` (colon-separated, absolute) first, then
 * the system's. They are the server's owner's to choose; neither a pipeline nor a release has a say.
 */
export function toolFolders(environment: NodeJS.ProcessEnv = process.env): readonly string[] {
  const own = (environment["TIDELOCK_TOOLS"] ?? "").split(delimiter).filter(isAbsolute);
  return [...new Set([...own, ...systemFolders])];
}
