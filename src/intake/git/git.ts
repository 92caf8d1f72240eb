import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { TidelockError } from "../../model/errors.ts";

/**
 * Git, asked by argv and kept from running anything that a repository's own configuration names: hooks,
 * file system monitors, filters, signature programs, helpers of remotes. Nothing here writes to the
 * repository or talks to a network.
 */
const settings = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  // A commit-graph file or replaced objects could tell another history than the commits themselves.
  "core.commitGraph=false",
  "core.quotePath=false",
  "log.showSignature=false",
  "protocol.allow=never",
  "i18n.logOutputEncoding=UTF-8",
].flatMap((setting) => ["-c", setting]);

const timeoutMs = 120_000;

function gitEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, XDG_CONFIG_HOME } = process.env;
  return {
    ...(PATH !== undefined && { PATH }),
    // For the user's own list of trusted repositories (`safe.directory`).
    ...(HOME !== undefined && { HOME }),
    ...(XDG_CONFIG_HOME !== undefined && { XDG_CONFIG_HOME }),
    LC_ALL: "C",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_TERMINAL_PROMPT: "0",
    GIT_NO_LAZY_FETCH: "1",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_GRAFT_FILE: "/dev/null",
    GIT_PAGER: "cat",
  };
}

export type GitProcess = ChildProcessByStdio<Writable, Readable, Readable>;

/** Starts git in a folder; for answers that are too large to hold, and therefore without a time limit. */
export function spawnGit(folder: string, argv: readonly string[], timeout = 0): GitProcess {
  return spawn("git", [...settings, "--no-pager", "--literal-pathspecs", ...argv], {
    cwd: folder,
    env: gitEnvironment(),
    stdio: ["pipe", "pipe", "pipe"],
    timeout,
    killSignal: "SIGKILL",
  });
}

export interface GitAnswer {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs git and returns whatever it says. @throws TidelockError `unavailable` when there is no git */
export async function askGit(folder: string, argv: readonly string[]): Promise<GitAnswer> {
  const child = spawnGit(folder, argv, timeoutMs);
  child.stdin.on("error", () => undefined);
  child.stdin.end();
  const [status, stdout, stderr] = await Promise.all([
    ended(child),
    buffer(child.stdout),
    buffer(child.stderr),
  ]);
  return { status, stdout, stderr: stderr.toString("utf8").trim() };
}

/** Runs git and returns its output. @throws TidelockError `failed` with what git said */
export async function git(folder: string, argv: readonly string[]): Promise<Buffer> {
  const answer = await askGit(folder, argv);
  if (answer.status === 0) return answer.stdout;
  throw gitFailed(folder, argv, answer.stderr);
}

/** One line of output without its end. */
export async function gitLine(folder: string, argv: readonly string[]): Promise<string> {
  return (await git(folder, argv)).toString("utf8").replace(/\n$/, "");
}

export function gitFailed(folder: string, argv: readonly string[], stderr: string): TidelockError {
  const said = stderr.split("\n").slice(0, 3).join("; ").slice(0, 500);
  return new TidelockError("failed", `git ${argv[0] ?? ""} did not work: ${said || "no answer"}`, {
    fault: "operator",
    where: folder,
    hint: said.includes("dubious ownership")
      ? "the repository belongs to another user: run as that user, or trust it with git's safe.directory"
      : "try the same git command in that folder",
  });
}

function ended(child: GitProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", (cause: NodeJS.ErrnoException) => {
      reject(
        new TidelockError("unavailable", "git is needed to record where a release comes from", {
          fault: "operator",
          where: "git",
          hint:
            cause.code === "ENOENT"
              ? "install git, or pack a folder outside of a repository"
              : cause.message,
          cause,
        }),
      );
    });
    child.once("close", (code) => resolve(code ?? 128));
  });
}
