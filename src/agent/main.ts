import { readFileSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { parseArgs } from "node:util";
import { z } from "zod";
import { asTidelockError } from "../model/errors.ts";
import { startAgent } from "./agent.ts";
import { lockedExitCode } from "./exit-codes.ts";
import { report } from "./parts.ts";

/** `node main.ts --data-dir <dir>`: runs until it is told to leave (SIGTERM, `agent.shutdown`). */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { "data-dir": { type: "string" }, "started-by": { type: "string" } },
  });
  const dataDir = values["data-dir"];
  if (dataDir === undefined) {
    process.stderr.write("usage: main --data-dir <dir>\n");
    process.exit(2);
  }
  process.umask(0o077);
  const startedBy = Number(values["started-by"]) || null;
  // An agent may be killed at any time: what it has compiled is kept now, for the next one.
  flushCompileCache();
  const agent = await startAgent({ dataDir, startedBy, version: packageVersion() });
  const leave = async (why: string): Promise<void> => {
    report(`leaving: ${why}`);
    await agent.leave();
    process.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => void leave(signal));
  }
  process.on("SIGHUP", () => undefined);
  await agent.ended;
  await leave("agent.shutdown");
}

/** Of the package that this file belongs to: two folders up, in the repository as in the package. */
function packageVersion(): string {
  const file = new URL("../../package.json", import.meta.url);
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(file, "utf8"))).version;
}

main().catch((thrown: unknown) => {
  const error = asTidelockError(thrown);
  const hint = error.hint === undefined ? "" : `\n  ${error.hint}`;
  process.stderr.write(`${error.where ?? "agent"}: ${error.message}${hint}\n`);
  process.exit(error.code === "conflict" ? lockedExitCode : 1);
});
