import { compose } from "../../src/compose.ts";
import { openDataDir } from "../../src/store/data-dir.ts";

/**
 * A server process (without its HTTP part) for crash tests: `node engine-process.ts <data dir> <database
 * url> [<point> <signal>]`. At the point it sends the signal to itself, once: SIGKILL dies there, SIGSTOP
 * stands there until somebody sends SIGCONT. It says on stdout what it does, as JSON lines.
 */
const [dataDir, databaseUrl, point, signal] = process.argv.slice(2);
if (!dataDir || !databaseUrl)
  throw new Error("usage: engine-process.ts <data dir> <url> [point signal]");

const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
let armed = true;

const composed = await compose({
  paths: openDataDir(dataDir),
  databaseUrl,
  version: "0.1.0",
  settings: { leaseMs: 1_500, sweepMs: 200 },
  notice: (message) => say({ notice: message }),
  hooks: {
    reach: async (reached) => {
      if (reached !== point || !armed) return;
      armed = false;
      say({ reached });
      // The line must be out before the signal.
      await new Promise((resolve) => setTimeout(resolve, 20));
      process.kill(process.pid, signal);
      await new Promise((resolve) => setTimeout(resolve, 20));
    },
  },
});
say({ ready: true });

process.stdin.on("data", (line: Buffer) => {
  const { method, params } = JSON.parse(line.toString()) as { method: string; params: unknown[] };
  const call = composed.controlPlane[method as "promote"] as (...of: unknown[]) => Promise<unknown>;
  call(...params).then(
    (result) => say({ result }),
    (error: Error) => say({ error: error.message }),
  );
});
process.on("SIGTERM", () => {
  void composed.close().then(() => process.exit(0));
});
