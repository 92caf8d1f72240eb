import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { TidelockError } from "../model/errors.ts";
import { Name } from "../model/primitives.ts";
import { readVariable } from "./environment.ts";
import { outputFormats } from "./options.ts";

/** One server that this user works with. A token lies here (0600) or in a file that this names. */
export const UserContext = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).optional(),
  token: z.string().min(1).optional(),
  tokenFile: z.string().optional(),
  dataDir: z.string().optional(),
  /** File with certificates of authorities to trust besides the system's. */
  ca: z.string().optional(),
  service: Name.optional(),
});
export type UserContext = z.infer<typeof UserContext>;

export const UserFile = z.strictObject({
  formatVersion: z.literal(1),
  current: z.string().optional(),
  output: z.enum(outputFormats).optional(),
  contexts: z.record(z.string(), UserContext).default({}),
});
export type UserFile = z.infer<typeof UserFile>;

const none: UserFile = { formatVersion: 1, contexts: {} };

export function userFilePath(environment: NodeJS.ProcessEnv): string {
  const named = readVariable("TIDELOCK_CONFIG", environment);
  if (named !== undefined) return named;
  const folder = readVariable("XDG_CONFIG_HOME", environment) ?? join(homedir(), ".config");
  return join(folder, "tidelock", "config.json");
}

/** The user's settings; an absent file is an empty one. Throws `invalid-input` for one that cannot be read. */
export function readUserFile(path: string): UserFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return none;
    throw new TidelockError("invalid-input", "the settings file cannot be read", {
      fault: "operator",
      where: path,
      cause: error,
    });
  }
  try {
    return UserFile.parse(JSON.parse(text));
  } catch (error) {
    // The text may hold a token: say where, quote nothing.
    const field = error instanceof z.ZodError ? error.issues[0]?.path.join(".") : undefined;
    throw new TidelockError("invalid-input", "the settings file is not what this program wrote", {
      fault: "operator",
      where: field ? `${path} (${field})` : path,
      hint: "correct it, or move it away and use `tidelock context set`",
    });
  }
}

/** True when others than its owner may read the file, which may hold a token. */
export function isOpenToOthers(path: string): boolean {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  return (mode & 0o077) !== 0;
}

/** Writes whole or not at all, 0600. */
export function writeUserFile(path: string, file: UserFile): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}`;
  try {
    writeFileSync(temporary, `${JSON.stringify(UserFile.parse(file), null, 2)}\n`, {
      mode: 0o600,
      flag: "wx",
    });
    chmodSync(temporary, 0o600);
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}
