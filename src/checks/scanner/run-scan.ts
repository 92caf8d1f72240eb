import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import type { CheckContext } from "../../ports/check.ts";
import { maxReplyBytes, type ScanOrder, ScanReply } from "./protocol.ts";

export interface ScanRun {
  /** The program to run: see `childBeside`. */
  readonly program: URL;
  /** Further folders that it may read. None but in tests. */
  readonly readable?: readonly string[];
  readonly tree: string;
  readonly readTree: () => AsyncIterable<Uint8Array>;
  readonly options: unknown;
  readonly exclude?: readonly string[];
  /** Heap of the child in MiB. Default 256. */
  readonly heapMb?: number;
}

export type ScanEnd =
  | { readonly kind: "done"; readonly reply: ScanReply }
  /** It crashed, ran out of memory, was stopped, or answered what is no answer. */
  | { readonly kind: "failed"; readonly why: string };

/** The program `child` beside an adapter's index, as source or as built. */
export function childBeside(index: string): URL {
  return new URL(`./child${extname(index)}`, index);
}

const maxErrorBytes = 4 * 1024;

/**
 * Scans a tree in a child process of its own: Node's permission model on (no files but the program's own
 * code, no processes, no threads, no addons), no `eval`, an empty environment, a small heap, no time beyond
 * the check's. Never throws for what the child does.
 *
 * The permission model of Node 24 does not restrict the network, and is no defence against hostile
 * *code*; what is hostile here is data, and none of it is run.
 */
export async function runScan(
  context: Pick<CheckContext, "signal">,
  run: ScanRun,
): Promise<ScanEnd> {
  const program = fileURLToPath(run.program);
  const heap = run.heapMb ?? 256;
  const child = spawn(
    process.execPath,
    [
      "--permission",
      ...[...readableFolders(fileURLToPath(import.meta.url)), ...(run.readable ?? [])].map(
        (folder) => `--allow-fs-read=${folder}`,
      ),
      "--disallow-code-generation-from-strings",
      "--disable-warning=ExperimentalWarning",
      `--max-old-space-size=${heap}`,
      program,
    ],
    // Without a shell, and without our environment: NODE_OPTIONS could undo all of the above.
    { cwd: "/", env: {}, stdio: ["pipe", "pipe", "pipe"] },
  );
  const stop = () => child.kill("SIGKILL");
  if (context.signal.aborted) stop();
  context.signal.addEventListener("abort", stop, { once: true });

  const output: Buffer[] = [];
  let size = 0;
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxReplyBytes) stop();
    else output.push(chunk);
  });
  child.stderr.on("data", (chunk: Buffer) => {
    errors = (errors + chunk.toString("utf8")).slice(-maxErrorBytes);
  });
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once("error", (error) => {
      errors += `\nfailed: ${error.message}`;
      resolve({ code: null, signal: null });
    });
    child.once("close", (code, signal) => resolve({ code, signal }));
  });

  try {
    // A child that dies while it is fed closes the pipe; what it died of is what counts.
    const feed = pipeline(Readable.from(frames(run)), child.stdin).then(
      () => null,
      (error: unknown) => error,
    );
    const end = await ended;
    const broken = await feed;
    if (context.signal.aborted) return failed("it was stopped before it ended", errors);
    if (size > maxReplyBytes) return failed(`it answered more than ${maxReplyBytes} bytes`, errors);
    if (end.code !== 0) {
      const readError = broken !== null && !isPipeError(broken) ? `: ${messageOf(broken)}` : "";
      const how =
        end.signal === null ? `ended with code ${end.code}` : `was ended by ${end.signal}`;
      return failed(`the scanning process ${how}${readError}`, errors, heap);
    }
    const parsed = ScanReply.safeParse(parseJson(Buffer.concat(output).toString("utf8")));
    return parsed.success
      ? { kind: "done", reply: parsed.data }
      : failed("the scanning process answered what is no answer", "");
  } finally {
    context.signal.removeEventListener("abort", stop);
    stop();
  }
}

async function* frames(run: ScanRun): AsyncGenerator<Uint8Array> {
  const order: ScanOrder = {
    tree: run.tree,
    options: run.options,
    exclude: [...(run.exclude ?? [])],
  };
  const bytes = Buffer.from(JSON.stringify(order));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  yield Buffer.concat([length, bytes]);
  yield* run.readTree();
}

/**
 * The folders with our own code: `src` or `dist`, and every `node_modules` on the way up, as it is called and
 * as it really is (a linked one is read by its real path).
 */
export function readableFolders(program: string): readonly string[] {
  const code = dirname(dirname(dirname(program)));
  const folders = new Set([code, realpathSync(code)]);
  for (let at = dirname(code); ; at = dirname(at)) {
    const modules = join(at, "node_modules");
    if (existsSync(modules)) folders.add(modules).add(realpathSync(modules));
    if (existsSync(join(at, "package.json"))) folders.add(join(at, "package.json"));
    if (at === dirname(at)) return [...folders];
  }
}

function failed(why: string, errors: string, heapMb?: number): ScanEnd {
  const lines = errors.split("\n").filter((line) => line !== "");
  const cause = lines.findLast((line) => line.startsWith("failed: "))?.slice("failed: ".length);
  const place = lines.findLast((line) => line.startsWith("at "))?.slice("at ".length);
  const memory = /heap out of memory|heap limit/i.test(errors);
  const parts = [
    why,
    ...(memory ? [`it needed more than ${heapMb ?? "?"} MiB of memory`] : []),
    ...(cause === undefined ? [] : [cause]),
    ...(place === undefined || cause !== undefined ? [] : [`the last file it read was ${place}`]),
  ];
  return { kind: "failed", why: parts.join("; ") };
}

function isPipeError(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === "EPIPE" || code === "ERR_STREAM_PREMATURE_CLOSE" || code === "ECONNRESET";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
