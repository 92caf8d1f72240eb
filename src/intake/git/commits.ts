import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { boundedMessage, coAuthors, commitPerson } from "../../evidence/git/commit-people.ts";
import type { Commit } from "../../model/release.ts";
import { plainText } from "../../model/plain-text.ts";
import { gitFailed, gitLine, spawnGit } from "./git.ts";

/** Fields of one commit, each ended by a zero byte, which no commit can hold. */
const fields = ["%H", "%an", "%ae", "%cn", "%ce", "%ct", "%B"];
/** A longer one is cut: it is shown, signed and kept forever. */
const maxSubject = 300;

/**
 * The commits that `head` has and `since` has not, oldest first, at most `limit` (the newest ones).
 *
 * @param since a full revision that exists in the repository; absent for all of history
 */
export async function readCommits(
  folder: string,
  head: string,
  since: string | undefined,
  limit: number,
): Promise<{ commits: Commit[]; cut: boolean }> {
  const range = since === undefined ? [head] : [head, `^${since}`];
  const argv = [
    "log",
    "-z",
    `--format=tformat:${fields.join("%x00")}`,
    "--topo-order",
    `--max-count=${limit + 1}`,
    "--no-show-signature",
    "--no-notes",
    "--no-mailmap",
    "--no-color",
    ...range,
    "--",
  ];
  const newestFirst: Commit[] = [];
  let record: string[] = [];
  for await (const field of zeroSeparated(folder, argv)) {
    record.push(field);
    if (record.length < fields.length) continue;
    newestFirst.push(toCommit(record));
    record = [];
  }
  const cut = newestFirst.length > limit;
  return { commits: newestFirst.slice(0, limit).toReversed(), cut };
}

/** When a commit was made. RFC 3339. */
export async function commitTime(folder: string, revision: string): Promise<string> {
  return toTime(
    await gitLine(folder, ["log", "-1", "--no-show-signature", "--format=%ct", revision]),
  );
}

/** The revisions at which a shallow clone's history was cut; empty for a whole one. */
export async function shallowBoundary(folder: string): Promise<ReadonlySet<string>> {
  const path = resolve(folder, await gitLine(folder, ["rev-parse", "--git-path", "shallow"]));
  const text = await readFile(path, "utf8").catch(() => "");
  return new Set(text.split("\n").filter(Boolean));
}

function toCommit(record: readonly string[]): Commit {
  const [revision = "", an = "", ae = "", cn = "", ce = "", time = "", body = ""] = record;
  const message = boundedMessage(body);
  return {
    revision,
    subject: plainText(message.trimStart().split("\n", 1)[0] ?? "", maxSubject),
    at: toTime(time),
    author: commitPerson(an, ae),
    committer: commitPerson(cn, ce),
    coAuthors: coAuthors(message),
  };
}

/** A commit may claim any time; one that no calendar holds becomes the epoch. */
function toTime(seconds: string): string {
  const date = new Date(Number(seconds) * 1000);
  const year = date.getUTCFullYear();
  return year >= 0 && year <= 9999 ? date.toISOString() : new Date(0).toISOString();
}

/** Zero-ended fields of an answer that may be large; bytes that are no UTF-8 become U+FFFD. */
async function* zeroSeparated(folder: string, argv: readonly string[]): AsyncGenerator<string> {
  const child = spawnGit(folder, argv);
  child.stdin.on("error", () => undefined);
  child.stdin.end();
  let stderr = "";
  child.stderr.on("data", (data: Buffer) => (stderr += data.toString().slice(0, 2000)));
  const status = new Promise<number>((resolve) => {
    child.once("error", () => resolve(128));
    child.once("close", (code) => resolve(code ?? 128));
  });
  let parts: Buffer[] = [];
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    let from = 0;
    for (let at = chunk.indexOf(0); at >= 0; at = chunk.indexOf(0, from)) {
      yield Buffer.concat([...parts, chunk.subarray(from, at)]).toString("utf8");
      parts = [];
      from = at + 1;
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
  }
  if ((await status) !== 0) throw gitFailed(folder, argv, stderr);
}
