import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  readlinkSync,
  realpathSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join, sep } from "node:path";
import { look, regexp } from "./look.ts";
import type { Order, Reply } from "./order.ts";

/**
 * Runs one external program for a check, as the check's user, in the scanned tree (or an empty folder). It
 * is handed to Node as text (`bundle.ts`), so that the installation need not be readable for that user: hence it
 * imports nothing of ours but files beside it. Report to stdout, `Reply` as the last line of stderr.
 */

const tailBytes = 4_000;
const maxProbeChars = 65_536;
/** Different things that are told apart when lines of output are counted. */
const maxDifferent = 100_000;
const probeMs = 60_000;
/** No file that the program writes gets larger. */
const maxFileBytes = 1024 * 1024 * 1024;
const prlimit = "/usr/bin/prlimit";

const home = process.env["HOME"] ?? process.cwd();
const root = realpathSync(process.cwd());
const order: Order = JSON.parse(process.env["TIDELOCK_TOOL_ORDER"] ?? "null");
const reply: Reply = {
  trouble: null,
  program: null,
  probes: [],
  exitCode: null,
  signal: null,
  stopped: null,
  reportTrouble: null,
  tally: { lines: 0, different: 0 },
  base: root,
  stdoutTail: "",
  stderrTail: "",
  files: 0,
  concerned: 0,
  excluded: 0,
  copied: false,
  leftOut: [],
  defused: 0,
  unread: [],
  asked: [],
  durationMs: 0,
};
const own = join(home, "tool");
const reportFile = join(own, order?.reportName ?? "report");
const copy = join(home, "tree");

interface Ended {
  exitCode: number | null;
  signal: string | null;
  error: string | null;
}

async function main(): Promise<void> {
  const program = findProgram();
  if (program === null) return;
  mkdirSync(own, { recursive: true });
  for (const [name, text] of Object.entries(order.files)) writeFileSync(join(own, name), text);
  for (const argv of order.probes) {
    const text = { out: "" };
    const take = (chunk: Buffer) =>
      (text.out = (text.out + chunk.toString("utf8")).slice(0, maxProbeChars));
    const ended = await run([program, ...argv.map(fill)], own, take, take, probeMs);
    const refused = ended.error ?? /^prlimit: failed to execute.*/m.exec(text.out)?.[0];
    if (refused !== undefined) {
      fail("missing", `${program} is there, but this check's user cannot start it: ${refused}`);
      return;
    }
    reply.probes.push({ exitCode: ended.exitCode, text: text.out });
  }
  const listed = order.tree === null ? [] : look(order.tree, root, copy, reply);
  if (order.tree !== null && listed.length === 0) {
    fail("nothing", `none of ${reply.files} files concerns it`);
    return;
  }
  await scan(program, listed);
}

/** The first that is there; one that cannot be used is named, and not passed over in silence. */
function findProgram(): string | null {
  for (const folder of order.folders) {
    for (const name of order.programs) {
      const file = join(folder, name);
      let real: string;
      try {
        lstatSync(file);
        real = realpathSync(file);
        accessSync(real, constants.R_OK | constants.X_OK);
        if (!lstatSync(real).isFile()) continue;
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code;
        if ((code === "ENOENT" && !linked(file)) || code === "ENOTDIR") continue;
        fail(
          "missing",
          `${file} is there, but this check's user may not read and run it (${code})`,
        );
        return null;
      }
      if (real === root || real.startsWith(root + sep) || real.startsWith(home + sep)) continue;
      const sha256 = createHash("sha256").update(readFileSync(real)).digest("hex");
      reply.program = { path: real, sha256 };
      return file;
    }
  }
  fail("missing", `${order.programs.join(" or ")} is in none of ${order.folders.join(", ")}`);
  return null;
}

function linked(file: string): boolean {
  try {
    readlinkSync(file);
    return true;
  } catch {
    return false;
  }
}

async function scan(program: string, listed: readonly string[]): Promise<void> {
  const inHome = order.tree === null || order.startsIn === "home";
  const cwd = inHome ? own : reply.copied ? copy : root;
  const known = order.argvIf.filter(({ probe, says }) => reply.probes[probe]?.text.includes(says));
  const argv = [
    program,
    ...[...known.flatMap((one) => one.argv), ...order.argv].map(fill),
    ...(order.list ? listed.map((path) => `./${path}`) : []),
  ];
  const began = performance.now();
  const toReport = order.report === "stdout";
  let written = 0;
  const [tallyOut, tallyErr] = [tallier(), tallier()];
  const ended = await run(
    argv,
    cwd,
    (chunk, stop) => {
      reply.stdoutTail = tail(reply.stdoutTail, chunk);
      tallyOut(chunk);
      if (!toReport) return;
      written += chunk.length;
      if (written > order.reportBytes) stop(tooLong());
      else emit(chunk, chunk.length);
    },
    (chunk) => {
      reply.stderrTail = tail(reply.stderrTail, chunk);
      tallyErr(chunk);
    },
    null,
  );
  reply.durationMs = performance.now() - began;
  reply.exitCode = ended.exitCode;
  reply.signal = ended.signal;
  if (ended.error !== null) fail("failed", `it could not be started: ${ended.error}`);
  else if (!toReport && reply.stopped === null) handOver();
}

const different = new Set<string>();

function tallier(): (chunk: Buffer) => void {
  const pattern = regexp(order.tally);
  let rest = "";
  return (chunk) => {
    if (pattern === null) return;
    const lines = (rest + chunk.toString("utf8")).split("\n");
    rest = (lines.pop() ?? "").slice(0, 8_192);
    for (const line of lines) {
      const found = pattern.exec(line.slice(0, 2_000));
      if (found === null) continue;
      reply.tally.lines += 1;
      if (different.size < maxDifferent) different.add(found[1] ?? "");
      reply.tally.different = different.size;
    }
  };
}

/** A report in a file: a plain one, not a link to what the check's user may read elsewhere, and not too long. */
function handOver(): void {
  let file: number;
  try {
    file = openSync(reportFile, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    reply.reportTrouble =
      code === "ENOENT" ? "it wrote no report" : `its report cannot be read (${code})`;
    return;
  }
  const stat = fstatSync(file);
  if (!stat.isFile()) reply.reportTrouble = "its report is no plain file";
  else if (stat.size > order.reportBytes) reply.reportTrouble = tooLong();
  else {
    const bytes = Buffer.alloc(stat.size);
    emit(bytes, readSync(file, bytes, 0, bytes.length, 0));
  }
  closeSync(file);
}

function emit(bytes: Buffer, length: number): void {
  for (let at = 0; at < length;) at += writeSync(1, bytes, at, length - at);
}

function tooLong(): string {
  return `its report is longer than ${order.reportBytes} bytes`;
}

function run(
  argv: readonly string[],
  cwd: string,
  out: (chunk: Buffer, stop: (why: string) => void) => void,
  err: (chunk: Buffer) => void,
  limitMs: number | null,
): Promise<Ended> {
  const wrapped = existsSync(prlimit)
    ? [prlimit, `--fsize=${maxFileBytes}`, "--core=0", "--", ...argv]
    : argv;
  const [file = "", ...args] = wrapped;
  const { TIDELOCK_TOOL_ORDER: _, ...env } = process.env;
  const child = spawn(file, args, {
    cwd,
    env: { ...env, ...Object.fromEntries(Object.entries(order.env).map(([k, v]) => [k, fill(v)])) },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const stop = (why: string): void => {
    reply.stopped ??= why;
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // Gone by itself.
    }
  };
  // A report that grows without end would fill the disk long before the program ends.
  const watch = setInterval(() => {
    try {
      if (lstatSync(reportFile).size > order.reportBytes) stop(tooLong());
    } catch {
      // Not there yet.
    }
  }, 200);
  const timer =
    limitMs === null
      ? undefined
      : setTimeout(() => stop("it did not say its version in time"), limitMs);
  child.stdout.on("data", (chunk: Buffer) => out(chunk, stop));
  child.stderr.on("data", (chunk: Buffer) => err(chunk));
  return new Promise((resolve) => {
    const end = (ended: Ended): void => {
      clearInterval(watch);
      clearTimeout(timer);
      resolve(ended);
    };
    child.once("error", (error) => end({ exitCode: null, signal: null, error: error.message }));
    child.once("close", (exitCode, signal) => end({ exitCode, signal, error: null }));
  });
}

function tail(text: string, chunk: Buffer): string {
  return (text + chunk.toString("utf8")).slice(-tailBytes);
}

function fill(word: string): string {
  return word
    .replaceAll("{home}", own)
    .replaceAll("{tree}", reply.base)
    .replaceAll("{report}", reportFile);
}

function fail(kind: "missing" | "nothing" | "failed", text: string): void {
  reply.trouble ??= { kind, text: text.slice(0, 2_000) };
}

try {
  await main();
} catch (error) {
  fail("failed", error instanceof Error ? error.message : String(error));
}
writeSync(2, `\n${JSON.stringify(reply)}\n`);
process.exit(0);
