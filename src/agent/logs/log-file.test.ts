import { appendFileSync, closeSync, statSync, writeSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LogFile } from "./log-file.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tl-log-"));
  path = join(folder, "web-0.log");
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const soon = Date.now() + 60_000;

/** Everything from an offset on, in pieces of a limited size. */
function readAll(log: LogFile, from: number, bytes: number): string[] {
  const texts: string[] = [];
  for (let at = from; ;) {
    const { lines, next } = log.read(at, bytes, soon);
    texts.push(...lines.map(({ text }) => text));
    if (next === at) return texts;
    at = next;
  }
}

test("lines come out as they went in, in pieces of any size", () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-zäß0-9 ]{0,30}$/), { maxLength: 20 }),
      fc.integer({ min: 70, max: 400 }),
      (lines, bytes) => {
        const log = new LogFile(join(folder, `${Math.random()}.log`), 1_000_000);
        const file = log.openForAppend();
        for (const line of lines) writeSync(file, `${line}\n`);
        closeSync(file);
        expect(readAll(log, 0, bytes)).toEqual(lines);
      },
    ),
    { numRuns: 50 },
  );
});

test("a line has the time at which it was first seen", () => {
  const log = new LogFile(path, 1_000_000);
  appendFileSync(path, "one\n");
  log.poll(1_000);
  appendFileSync(path, "two\nthree\n");
  log.poll(2_000);
  log.save();
  const next = new LogFile(path, 1_000_000);
  const { lines } = next.read(0, 1_000, 9_000);
  expect(lines).toEqual([
    { at: 1_000, text: "one" },
    { at: 2_000, text: "two" },
    { at: 2_000, text: "three" },
  ]);
});

test("disk use stays bounded however much is written, and offsets go on across rotations", async () => {
  const limit = 10_000;
  const log = new LogFile(path, limit);
  const file = log.openForAppend();
  let written = 0;
  for (let line = 0; line < 5_000; line += 1) {
    written += writeSync(file, `line ${line}\n`);
    if (line % 100 === 0) log.poll(line);
  }
  closeSync(file);
  const sizes = (await readdir(folder)).map((name) => statSync(join(folder, name)).size);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(4 * limit);
  expect(log.end).toBe(written);
  const all = readAll(log, 0, 4_096);
  expect(all.at(-1)).toBe("line 4999");
  expect(all.length).toBeGreaterThan(100);
  // Whole and in order, from the oldest one that is kept.
  const numbers = all.slice(1).map((line) => Number(line.slice("line ".length)));
  expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
});

test("a reader that follows loses nothing over a rotation and reads nothing twice", () => {
  const log = new LogFile(path, 2_000);
  const file = log.openForAppend();
  const seen: string[] = [];
  let cursor = 0;
  for (let line = 0; line < 1_000; line += 1) {
    writeSync(file, `line ${line}\n`);
    if (line % 10 !== 0) continue;
    log.poll(line);
    const { lines, next } = log.read(cursor, 100_000, soon);
    seen.push(...lines.map(({ text }) => text));
    cursor = next;
  }
  closeSync(file);
  seen.push(...log.read(cursor, 100_000, soon).lines.map(({ text }) => text));
  expect(seen).toEqual(Array.from({ length: 1_000 }, (_, line) => `line ${line}`));
});

test("the next agent goes on counting where the last one rotated", () => {
  const first = new LogFile(path, 1_000);
  appendFileSync(path, "x".repeat(1_500) + "\n");
  first.poll(1);
  const end = first.end;
  const next = new LogFile(path, 1_000);
  expect(next.end).toBe(end);
  appendFileSync(path, "after\n");
  expect(next.read(end, 1_000, soon).lines.map(({ text }) => text)).toEqual(["after"]);
});

test("the tail is the last lines, whole, and none of before its start", () => {
  const log = new LogFile(path, 1_000_000);
  appendFileSync(path, "old one\nold two\n");
  const { end } = log;
  appendFileSync(path, "new one\nnew two\nnew three");
  expect(log.tail(2, end, soon).lines.map(({ text }) => text)).toEqual(["new two", "new three"]);
  expect(log.tail(20, end, soon).lines.map(({ text }) => text)).toEqual([
    "new one",
    "new two",
    "new three",
  ]);
});

test("an unfinished line waits for its end while it is young, and a long one does not block", () => {
  const log = new LogFile(path, 1_000_000);
  appendFileSync(path, "half");
  expect(log.read(0, 1_000, Date.now()).lines).toEqual([]);
  appendFileSync(path, " whole\n");
  expect(log.read(0, 1_000, Date.now()).lines.map(({ text }) => text)).toEqual(["half whole"]);
  appendFileSync(path, "y".repeat(5_000));
  expect(readAll(log, 11, 1_000).join("")).toHaveLength(5_000);
});

test("a line does nothing to a terminal", () => {
  const log = new LogFile(path, 1_000_000);
  appendFileSync(path, "\u001b]0;title\u0007\u001b[31mred\u001b[0m\u0008\ttab\r\n");
  expect(log.read(0, 1_000, soon).lines.map(({ text }) => text)).toEqual(["red\ttab"]);
});
