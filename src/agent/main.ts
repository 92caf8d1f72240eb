import { parseArgs } from "node:util";
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
  const agent = await startAgent({ dataDir, version: "0.1.0" });
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

main().catch((thrown: unknown) => {
  const error = asTidelockError(thrown);
  const hint = error.hint === undefined ? "" : `\n  ${error.hint}`;
  process.stderr.write(`${error.where ?? "agent"}: ${error.message}${hint}\n`);
  process.exit(error.code === "conflict" ? lockedExitCode : 1);
});
