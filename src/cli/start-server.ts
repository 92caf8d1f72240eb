import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { prepareLogs } from "../compose-local.ts";
import { errorCodes, TidelockError } from "../model/errors.ts";
import type { CommandContext } from "./context.ts";

/**
 * The server is another program: the command line knows it only by its file, and hands it words. In the
 * repository that file is TypeScript, in the package JavaScript.
 */
function serverFile(name: "main" | "serve" | "recover-access"): URL {
  return new URL(`../server/${name}${extname(import.meta.url)}`, import.meta.url);
}

const Ready = z.object({
  url: z.string(),
  dataDir: z.string(),
  logFile: z.string().nullable(),
  welcome: z.string().nullable(),
});
export type Ready = z.infer<typeof Ready>;

const Told = z.union([
  z.object({ ready: Ready }),
  z.object({
    error: z.object({
      code: z.enum(errorCodes),
      message: z.string(),
      where: z.string().optional(),
      hint: z.string().optional(),
      fault: z.enum(["operator", "environment", "bug"]),
    }),
  }),
]);

interface ServerProgram {
  serve(words: readonly string[], onReady: (ready: Ready) => void): Promise<number>;
}

/** Runs the server in this process until it is asked to stop. */
export async function runInForeground(
  words: readonly string[],
  onReady: (ready: Ready) => void,
): Promise<number> {
  const { serve } = (await import(serverFile("serve").href)) as ServerProgram;
  return serve(words, onReady);
}

interface RecoverProgram {
  recoverAccessOf(
    dataDir: string,
    databaseUrl: string | undefined,
    notice: (message: string) => void,
  ): Promise<{ readonly secret: string; readonly url: string | null }>;
}

/** A new link that makes an administrator, by whoever owns the data directory. */
export async function recoverAccess(
  dataDir: string,
  databaseUrl: string | undefined,
  notice: (message: string) => void,
): Promise<{ readonly secret: string; readonly url: string | null }> {
  const program = (await import(serverFile("recover-access").href)) as RecoverProgram;
  return program.recoverAccessOf(dataDir, databaseUrl, notice);
}

/** Starts the server in a session of its own, which outlives this command, and waits until it answers. */
export async function startDetached(
  context: CommandContext,
  words: readonly string[],
  dataDir: string,
): Promise<Ready> {
  const logFile = join(await prepareLogs(dataDir), "server.log");
  const log = openSync(logFile, "a", 0o600);
  const program = fileURLToPath(serverFile("main"));
  // The server writes the file itself, so that it can begin another one; here goes what only the runtime says.
  const child = spawn(process.execPath, [program, ...words, "--log-file", logFile], {
    detached: true,
    cwd: "/",
    env: context.environment,
    stdio: ["ignore", log, log, "ipc"],
  });
  closeSync(log);
  return new Promise((resolve, reject) => {
    const stop = (): void => void child.kill("SIGTERM");
    context.signal.addEventListener("abort", stop, { once: true });
    child.once("error", reject);
    child.once("exit", (code) =>
      reject(
        new TidelockError("failed", `the server ended before it answered (exit code ${code})`, {
          where: logFile,
        }),
      ),
    );
    child.once("message", (message) => {
      context.signal.removeEventListener("abort", stop);
      child.removeAllListeners("exit");
      child.unref();
      const told = Told.parse(message);
      if ("ready" in told) resolve({ ...told.ready, logFile });
      else {
        const { code, message: text, where, hint, fault } = told.error;
        reject(
          new TidelockError(code, text, {
            fault,
            ...(where === undefined ? {} : { where }),
            ...(hint === undefined ? {} : { hint }),
          }),
        );
      }
    });
  });
}
