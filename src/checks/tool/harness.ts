import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  accessSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join, matchesGlob, sep } from "node:path";
import type { Order, Pattern, Reply } from "./order.ts";

/**
 * Runs one external program for a check, as the check's user, in the scanned tree (or an empty folder). It
 * is handed to Node as text, so that the installation need not be readable for that user: hence one file
 * that imports nothing of ours. Report to stdout, `Reply` as the last line of stderr.
 */

const maxHeldBytes = 64 * 1024 * 1024;
const maxListed = 200;
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
const reportFile = join(own, "report");
const copy = join(home, "tree");

interface Ended {
  exitCode: number | null;
  signal: string | null;
  error: string | null;
}

interface Entry {
  path: string;
  kind: "directory" | "file" | "symlink";
  /** The content with its words made harmless, where it had any. */
  changed: Buffer | null;
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
  const listed = order.tree === null ? [] : look(order.tree);
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

/** Goes through the tree once: what concerns the tool, what asks it to look away, and a copy if one is due. */
function look(tree: NonNullable<Order["tree"]>): string[] {
  const entries: Entry[] = [];
  const listed: string[] = [];
  const [concerns, content, leaveOut] = [tree.concerns, tree.content, tree.leaveOut].map(regexp);
  const [askingName, askingWords, defuse] = [tree.askingName, tree.askingWords, tree.defuse].map(
    regexp,
  );
  let copyDue = Object.keys(tree.put).length > 0;
  const walk = (folder: string): void => {
    for (const found of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === "" ? found.name : `${folder}/${found.name}`;
      const excluded = tree.exclude.some((glob) => matchesGlob(path, glob));
      if (found.isDirectory()) {
        if (excluded) copyDue = true;
        else {
          entries.push({ path, kind: "directory", changed: null });
          walk(path);
        }
        if (excluded) reply.excluded += 1;
        continue;
      }
      if (found.isSymbolicLink()) {
        if (!excluded) entries.push({ path, kind: "symlink", changed: null });
        continue;
      }
      if (!found.isFile()) continue;
      reply.files += 1;
      const foreign = /(^|\/)node_modules\//.test(path);
      if (askingName?.test(path) && !foreign) ask(path, undefined, `a file named ${found.name}`);
      if (excluded || leaveOut?.test(path)) {
        copyDue = true;
        if (excluded) reply.excluded += 1;
        else if (reply.leftOut.length < maxListed) reply.leftOut.push(path);
        continue;
      }
      const wanted = concerns?.test(path) ?? false;
      let changed: Buffer | null = null;
      let text = "";
      if (askingWords || defuse || (wanted && content)) {
        const bytes = hold(path);
        if (bytes === null) continue;
        // Every byte a letter: what is put back is byte for byte what it was.
        text = bytes.toString("latin1");
        if (askingWords && !foreign) askByWords(path, text, askingWords);
        if (defuse) {
          const calmed = text.replace(defuse, (words) => words.replace(/[A-Za-z]/, "_"));
          if (calmed !== text) {
            changed = Buffer.from(calmed, "latin1");
            reply.defused += 1;
            copyDue = true;
          }
        }
      }
      entries.push({ path, kind: "file", changed });
      if (wanted && (!content || content.test(text.slice(0, 4_096)))) {
        reply.concerned += 1;
        listed.push(path);
      }
    }
  };
  walk("");
  if (copyDue && listed.length > 0) makeCopy(entries, tree.put);
  return listed;
}

function hold(path: string): Buffer | null {
  const file = openSync(join(root, path), constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    if (fstatSync(file).size <= maxHeldBytes) return readFileSync(file);
  } finally {
    closeSync(file);
  }
  if (reply.unread.length < maxListed) reply.unread.push(path);
  return null;
}

function ask(path: string, line: number | undefined, text: string): void {
  if (reply.asked.length >= maxListed) return;
  const short = text.replace(/[^\x20-\x7e]/g, "?").slice(0, 120);
  reply.asked.push({
    path: path.slice(0, 1_000),
    ...(line === undefined ? {} : { line }),
    text: short,
  });
}

function askByWords(path: string, text: string, words: RegExp): void {
  let [line, from, here] = [1, 0, 0];
  for (const match of text.matchAll(words)) {
    for (
      let at = text.indexOf("\n", from);
      at !== -1 && at < match.index;
      at = text.indexOf("\n", from)
    ) {
      line += 1;
      from = at + 1;
    }
    ask(path, line, match[0].trim());
    if ((here += 1) >= 50) return;
  }
}

function makeCopy(entries: readonly Entry[], put: Readonly<Record<string, string>>): void {
  reply.copied = true;
  reply.base = copy;
  mkdirSync(copy);
  for (const { path, kind, changed } of entries) {
    const to = join(copy, path);
    if (kind === "directory") mkdirSync(to);
    else if (kind === "symlink") symlinkSync(readlinkSync(join(root, path)), to);
    else if (changed !== null) writeFileSync(to, changed);
    else copyFileSync(join(root, path), to, constants.COPYFILE_FICLONE);
  }
  for (const [name, text] of Object.entries(put)) {
    mkdirSync(dirname(join(copy, name)), { recursive: true });
    writeFileSync(join(copy, name), text);
  }
}

async function scan(program: string, listed: readonly string[]): Promise<void> {
  const cwd = order.tree === null ? own : reply.copied ? copy : root;
  const argv = [
    program,
    ...order.argv.map(fill),
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

function regexp(pattern: Pattern | null | undefined): RegExp | null {
  return pattern ? new RegExp(pattern.source, pattern.flags) : null;
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
