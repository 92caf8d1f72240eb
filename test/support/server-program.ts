import { compose, type ComposedServer } from "../../src/compose.ts";
import { openDataDir } from "../../src/store/data-dir.ts";

/**
 * A server process (without its HTTP part) for crash tests: `node server-program.ts <data dir> <database
 * url>`. It is told by JSON lines on stdin and answers in JSON lines on stdout, see server-process.ts:
 *
 *   {compose: true}          become a server; until then nothing but the program is loaded
 *   {arm: {point, act}}      at the point: `kill` or `stop` itself, or `pause` until {go: true}; once
 *   {call: {id, method, params}}  a method of the control plane
 *
 * `stop` is a SIGSTOP between two statements: what follows the point happens at once after SIGCONT.
 */
interface Order {
  readonly compose?: true;
  readonly arm?: { readonly point: string; readonly act: "kill" | "stop" | "pause" };
  readonly go?: true;
  readonly call?: { readonly id: number; readonly method: string; readonly params: unknown[] };
}

const [dataDir, databaseUrl] = process.argv.slice(2);
if (!dataDir || !databaseUrl) throw new Error("usage: server-program.ts <data dir> <url>");

/** Writing to a pipe is synchronous: the line is out before a signal. */
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
let armed: Order["arm"];
let go: () => void = () => undefined;
let composed: ComposedServer | undefined;

async function reach(point: string, step?: number): Promise<void> {
  const place = step === undefined ? point : `${String(step).padStart(2, "0")} ${point}`;
  if (armed?.point !== place) {
    say({ passed: place });
    return;
  }
  const { act } = armed;
  armed = undefined;
  say({ reached: place });
  if (act === "pause") await new Promise<void>((resolve) => (go = resolve));
  else process.kill(process.pid, act === "kill" ? "SIGKILL" : "SIGSTOP");
}

async function obey(order: Order): Promise<void> {
  if (order.arm) armed = order.arm;
  if (order.go) go();
  if (order.compose) {
    composed = await compose({
      paths: openDataDir(dataDir ?? ""),
      databaseUrl: databaseUrl ?? "",
      version: "0.1.0",
      settings: { leaseMs: 1_000, sweepMs: 150, heartbeatMs: 500, agentAwayMs: 200 },
      notice: (message) => say({ notice: message }),
      hooks: { reach },
    });
    say({ ready: true });
  }
  if (order.call) await answer(order.call);
}

async function answer({ id, method, params }: NonNullable<Order["call"]>): Promise<void> {
  try {
    const plane = composed?.controlPlane as unknown as Record<
      string,
      (...of: unknown[]) => Promise<unknown>
    >;
    say({ id, result: (await plane[method]?.(...params)) ?? null });
  } catch (error) {
    say({ id, error: error instanceof Error ? error.message : String(error) });
  }
}

let buffered = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (text: string) => {
  buffered += text;
  for (let end = buffered.indexOf("\n"); end !== -1; end = buffered.indexOf("\n")) {
    const line = buffered.slice(0, end);
    buffered = buffered.slice(end + 1);
    obey(JSON.parse(line) as Order).catch((error: unknown) => {
      say({ failed: String(error) });
      process.exit(1);
    });
  }
});
// Whoever runs the test is gone: so are we.
process.stdin.on("end", () => process.exit(0));
process.on("SIGTERM", () => {
  void Promise.resolve(composed?.close()).then(() => process.exit(0));
});
say({ loaded: true });
