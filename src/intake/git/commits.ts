import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Commit, Person } from "../../model/release.ts";
import { plainText } from "../plain-text.ts";
import { gitFailed, gitLine, spawnGit } from "./git.ts";

/** Fields of one commit, each ended by a zero byte, which no commit can hold. */
const fields = ["%H", "%an", "%ae", "%cn", "%ce", "%ct", "%B"];
/** Longer ones are cut: they are shown, signed and kept forever. */
const limits = { name: 200, email: 320, subject: 300 };
/** A message can be megabytes; the people named in the rest are at its end, so both ends are read. */
const maxMessage = 64 * 1024;

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

/** People from `Co-authored-by:` lines anywhere in a message: one too many only makes the duties stricter. */
export function coAuthors(message: string): Person[] {
  const found = new Map<string, Person>();
  for (const line of message.split(/\r\n|\r|\n/)) {
    const [, text] = /^\s*co-authored-by\s*:\s*(.+)$/i.exec(line) ?? [];
    if (text === undefined) continue;
    const [, name = text, email = ""] = /^(.*?)\s*<([^<>]*)>\s*$/.exec(text) ?? [];
    const person = toPerson(name, email);
    found.set(JSON.stringify(person), person);
  }
  return [...found.values()];
}

function toCommit(record: readonly string[]): Commit {
  const [revision = "", an = "", ae = "", cn = "", ce = "", time = "", body = ""] = record;
  const message =
    body.length <= maxMessage
      ? body
      : `${body.slice(0, maxMessage / 2)}\n${body.slice(-maxMessage / 2)}`;
  return {
    revision,
    subject: plainText(message.trimStart().split("\n", 1)[0] ?? "", limits.subject),
    at: toTime(time),
    author: toPerson(an, ae),
    committer: toPerson(cn, ce),
    coAuthors: coAuthors(message),
  };
}

function toPerson(name: string, email: string): Person {
  return { name: plainText(name, limits.name), email: plainText(email, limits.email) };
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
