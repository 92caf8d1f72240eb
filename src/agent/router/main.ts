import { rmSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { socketPath } from "../../model/layout.ts";
import { asTidelockError } from "../../model/errors.ts";
import { serveControl } from "./control-server.ts";
import { Router } from "./router.ts";
import { inheritedPorts } from "./socket-activation.ts";
import { checkState, readStateFile } from "./state-file.ts";

/**
 * The embedded router's process: `node main.ts <state file>`. It serves what the file says before anybody
 * talks to it, then answers on the socket beside it, and goes on when the agent dies. Everything it needs
 * is imported here, at once: after giving up root it may not be able to read its own program.
 *
 * Exit codes: 0 stopped when told to, 1 could not start, 2 wrong usage.
 */
function log(message: string): void {
  process.stderr.write(`${new Date().toISOString()} router: ${message}\n`);
}

/** The agent reads our output through a pipe or a file; when that ends, we go on. */
function outliveTheAgent(): void {
  process.stdout.on("error", () => undefined);
  process.stderr.on("error", () => undefined);
  process.on("SIGHUP", () => undefined);
  process.on("SIGPIPE", () => undefined);
  // One request that meets a bug of ours must not end all the others'.
  process.on("uncaughtException", (error) => log(`bug: ${error.stack ?? error.message}`));
  process.on("unhandledRejection", (reason) => log(`bug: ${String(reason)}`));
}

function giveUpRoot(runAs: { uid: number; gid: number } | null): void {
  if (!runAs || process.getuid?.() !== 0) return;
  process.setgroups?.([]);
  process.setgid?.(runAs.gid);
  process.setuid?.(runAs.uid);
}

async function main(): Promise<void> {
  const argument = process.argv[2];
  if (argument === undefined) {
    process.stderr.write("usage: main.ts <state file>\n");
    process.exitCode = 2;
    return;
  }
  outliveTheAgent();
  const stateFile = resolve(argument);
  const socket = socketPath(dirname(stateFile), `${basename(stateFile, ".json")}.sock`);
  const first = readStateFile(stateFile);
  const router = new Router(first.state.accessLog, await inheritedPorts(), log);
  await router.load(first, true);

  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    control.close();
    try {
      rmSync(socket, { force: true });
    } catch {
      // Without root the folder is closed to us; whoever opens the next socket there removes this one.
    }
    await router.stop();
    process.exit(0);
  };
  const control = await serveControl(socket, {
    load: (state) =>
      router.load(state === undefined ? readStateFile(stateFile) : checkState(state, "load frame")),
    read: () => router.read(),
    traffic: () => router.traffic(),
    stop: () => void stop(),
  });
  giveUpRoot(first.state.runAs);
  process.on("SIGTERM", () => void stop());
  process.on("SIGINT", () => void stop());
  log(`serving generation ${first.state.generation} as pid ${process.pid}`);
}

try {
  await main();
} catch (error) {
  const { code, message, where, hint } = asTidelockError(error);
  log(`cannot start: ${message} (${code}${where ? `, ${where}` : ""})${hint ? `: ${hint}` : ""}`);
  process.exit(1);
}
