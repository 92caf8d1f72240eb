import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { userFilePath } from "./user-file.ts";

/** Where this user is signed in: `logins.json` beside the settings file, 0600, one session for each server. */

const Login = z.object({ name: z.string(), token: z.string().min(1), expiresAt: z.string() });
export type Login = z.infer<typeof Login>;

const LoginFile = z.object({
  formatVersion: z.literal(1),
  servers: z.record(z.string(), Login).default({}),
});

export function loginFilePath(environment: NodeJS.ProcessEnv): string {
  return join(dirname(userFilePath(environment)), "logins.json");
}

/** Undefined: not signed in there, or not any more. A file that cannot be read is none: one signs in again. */
export function findLogin(path: string, origin: string): Login | undefined {
  const login = readLogins(path)[origin];
  return login !== undefined && Date.parse(login.expiresAt) > Date.now() ? login : undefined;
}

/** `login` null: signed out there. Written whole or not at all. */
export function writeLogin(path: string, origin: string, login: Login | null): void {
  const { [origin]: _before, ...others } = readLogins(path);
  const servers = login === null ? others : { ...others, [origin]: login };
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}`;
  try {
    const text = `${JSON.stringify({ formatVersion: 1, servers }, null, 2)}\n`;
    writeFileSync(temporary, text, { mode: 0o600, flag: "wx" });
    chmodSync(temporary, 0o600);
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function readLogins(path: string): Readonly<Record<string, Login>> {
  try {
    return LoginFile.parse(JSON.parse(readFileSync(path, "utf8"))).servers;
  } catch {
    return {};
  }
}
