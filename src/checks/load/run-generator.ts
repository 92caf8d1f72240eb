import { spawn } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { readableFolders } from "../scanner/run-scan.ts";
import { type LoadOrder, LoadReply, maxReplyBytes } from "./protocol.ts";

export type GeneratorEnd =
  | { readonly kind: "done"; readonly reply: LoadReply }
  /** It crashed, ran out of memory, was stopped, or answered what is no answer. */
  | { readonly kind: "failed"; readonly why: string };

const heapMb = 256;
/** What starting and answering may take beyond the measurement itself. */
const graceMs = 20_000;
const program = new URL(`./child${extname(import.meta.url)}`, import.meta.url);

/**
 * Makes load in a process of its own, so that the server's event loop neither suffers from it nor distorts it. The
 * process gets the order on its standard input and nothing else: an empty environment, no files but the program's own
 * code, no child processes, a small heap. It is killed with the check, when its time is over, and ends by itself when
 * this process ends. Never throws for what it does.
 */
export async function runGenerator(
  order: LoadOrder,
  signal: AbortSignal,
  child: URL = program,
): Promise<GeneratorEnd> {
  const path = fileURLToPath(child);
  const readable = new Set([...readableFolders(fileURLToPath(import.meta.url)), path]);
  const running = spawn(
    process.execPath,
    [
      "--permission",
      ...[...readable].map((folder) => `--allow-fs-read=${folder}`),
      "--disallow-code-generation-from-strings",
      "--disable-warning=ExperimentalWarning",
      `--max-old-space-size=${heapMb}`,
      path,
    ],
    // Without our environment: it has secrets, and NODE_OPTIONS could undo all of the above.
    { cwd: "/", env: {}, stdio: ["pipe", "pipe", "pipe"] },
  );
  const stop = () => running.kill("SIGKILL");
  const longest = order.warmUpMs + order.durationMs + order.timeoutMs + graceMs;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    stop();
  }, longest);
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });

  const output: Buffer[] = [];
  let size = 0;
  let errors = "";
  running.stdout.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxReplyBytes) stop();
    else output.push(chunk);
  });
  running.stderr.on("data", (chunk: Buffer) => {
    errors = (errors + chunk.toString("utf8")).slice(-4_096);
  });
  // It is left open: what ends with it is the process.
  running.stdin.on("error", () => undefined);
  running.stdin.write(`${JSON.stringify(order)}\n`);
  const { code, by } = await new Promise<{ code: number | null; by: string | null }>((resolve) => {
    running.once("error", (error) => {
      errors += `\nfailed: ${error.message}`;
      resolve({ code: null, by: null });
    });
    running.once("close", (code, by) => resolve({ code, by }));
  });
  clearTimeout(timer);
  signal.removeEventListener("abort", stop);
  if (signal.aborted) return failed("it was stopped before it ended");
  if (late) return failed(`it did not end within ${longest / 1_000} s`);
  if (size > maxReplyBytes) return failed(`it answered more than ${maxReplyBytes} bytes`);
  if (code !== 0) {
    const memory = /heap out of memory|heap limit/i.test(errors);
    const cause = errors.split("\n").findLast((line) => line.startsWith("failed: "));
    const how = by === null ? `ended with code ${code}` : `was ended by ${by}`;
    const why = memory ? `it needed more than ${heapMb} MiB` : (cause?.slice(8) ?? "");
    return failed(why === "" ? `it ${how}` : `it ${how}: ${why}`);
  }
  const parsed = LoadReply.safeParse(parseJson(Buffer.concat(output).toString("utf8")));
  if (!parsed.success || parsed.data.routes.length !== order.routes.length) {
    return failed("it answered what is no answer");
  }
  return { kind: "done", reply: parsed.data };
}

function failed(why: string): GeneratorEnd {
  return { kind: "failed", why: `the process that makes the load: ${why}` };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
