import { generateKeyPairSync } from "node:crypto";
import { appendFile, mkdtemp, readFile, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findBreak } from "./chain.ts";
import { Journal } from "./journal.ts";

const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const pem = publicKey.export({ format: "pem", type: "spki" }).toString();

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tl-journal-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function segments(): Promise<string[]> {
  return (await readdir(folder)).sort().map((name) => join(folder, name));
}

async function write(journal: Journal, count: number, from = 1): Promise<void> {
  for (let at = from; at < from + count; at += 1) {
    await journal.append({ kind: "fact", lane: "shop/production", detail: { at } });
  }
}

test("entries form a signed chain that goes on after a restart", async () => {
  const first = await Journal.open(folder, privateKey);
  await write(first, 3);
  await first.close();
  const second = await Journal.open(folder, privateKey);
  await write(second, 2, 4);
  const entries = await second.read(0, 100);
  expect(entries.map(({ detail }) => detail["at"])).toEqual([1, 2, 3, 4, 5]);
  expect(findBreak(entries, pem, null)).toBeNull();
  expect(findBreak(entries.slice(3), pem, entries[2] ?? null)).toBeNull();
  await second.close();
});

test("appends that come at once are written one after the other", async () => {
  const journal = await Journal.open(folder, privateKey);
  await Promise.all(
    Array.from({ length: 50 }, (_, at) => journal.append({ kind: "fact", detail: { at } })),
  );
  const entries = await journal.read(0, 100);
  expect(entries.map(({ sequence }) => sequence)).toEqual(
    Array.from({ length: 50 }, (_, i) => i + 1),
  );
  expect(findBreak(entries, pem, null)).toBeNull();
  await journal.close();
});

test("a last line torn anywhere is cut off, and the chain goes on behind the whole ones", async () => {
  const original = await Journal.open(folder, privateKey);
  await write(original, 3);
  await original.close();
  const [file = ""] = await segments();
  const whole = await readFile(file);
  const lastLine = whole.lastIndexOf(0x0a, whole.length - 2) + 1;
  for (let cut = lastLine; cut < whole.length; cut += 7) {
    await writeFile(file, whole);
    await truncate(file, cut);
    const journal = await Journal.open(folder, privateKey);
    await write(journal, 1, 99);
    const entries = await journal.read(0, 100);
    expect(entries.map(({ detail }) => detail["at"])).toEqual([1, 2, 99]);
    expect(findBreak(entries, pem, null)).toBeNull();
    await journal.close();
  }
});

test("garbage behind the last line is cut off", async () => {
  const first = await Journal.open(folder, privateKey);
  await write(first, 2);
  await first.close();
  const [file = ""] = await segments();
  await appendFile(file, `\0\0\0\0{"sequence":3}\nhalf`);
  const second = await Journal.open(folder, privateKey);
  await write(second, 1, 3);
  expect(findBreak(await second.read(0, 100), pem, null)).toBeNull();
  await second.close();
});

test("segments are closed at their size, old ones go, and reading crosses them", async () => {
  const journal = await Journal.open(folder, privateKey, { segmentBytes: 2_000, segments: 3 });
  await write(journal, 60);
  expect((await segments()).length).toBeLessThanOrEqual(3);
  const entries = await journal.read(0, 1_000);
  expect(entries.at(-1)?.sequence).toBe(60);
  const [oldest] = entries;
  expect(oldest?.sequence).toBeGreaterThan(1);
  expect(findBreak(entries.slice(1), pem, oldest ?? null)).toBeNull();
  const middle = await journal.read((oldest?.sequence ?? 0) + 3, 2);
  expect(middle.map(({ sequence }) => sequence)).toEqual([
    (oldest?.sequence ?? 0) + 4,
    (oldest?.sequence ?? 0) + 5,
  ]);
  await journal.close();
  const again = await Journal.open(folder, privateKey, { segmentBytes: 2_000, segments: 3 });
  await write(again, 1, 61);
  expect((await again.read(60, 10)).map(({ sequence }) => sequence)).toEqual([61]);
  await again.close();
});

test("an entry of another history by the same key does not fit in", async () => {
  const histories = [];
  for (const name of ["one", "other"]) {
    const journal = await Journal.open(join(folder, name), privateKey);
    await journal.append({ kind: name, detail: {} });
    await write(journal, 3);
    histories.push(await journal.read(0, 100));
    await journal.close();
  }
  const [one = [], other = []] = histories;
  expect(findBreak([...one.slice(0, 2), ...other.slice(2)], pem, null)).toBe(
    "entry 3 does not follow the one before it",
  );
});

test("an entry that was changed, moved or signed by somebody else is found", async () => {
  const journal = await Journal.open(folder, privateKey);
  await write(journal, 4);
  const entries = [...(await journal.read(0, 100))];
  await journal.close();
  const changed = entries.map((one) => (one.sequence === 2 ? { ...one, kind: "other" } : one));
  expect(findBreak(changed, pem, null)).toMatch(/entry 2 is not signed/);
  expect(findBreak(entries.toReversed(), pem, null)).not.toBeNull();
  const other = generateKeyPairSync("ed25519").publicKey.export({ format: "pem", type: "spki" });
  expect(findBreak(entries, other.toString(), null)).toMatch(/entry 1 is not signed/);
});

test("an entry that was changed, taken out or made unreadable anywhere is found; a whole journal is not", async () => {
  const original = await Journal.open(folder, privateKey, { segmentBytes: 2_000, segments: 9 });
  await write(original, 20);
  expect(await original.findAlteration()).toBeNull();
  await original.close();
  const files = await segments();
  expect(files.length).toBeGreaterThan(2);
  const [, file = ""] = files;
  const whole = await readFile(file, "utf8");
  const lines = whole.trimEnd().split("\n");
  const second = JSON.parse(lines[1] ?? "") as { sequence: number; detail: { at: number } };
  const alterations = {
    changed: whole.replace(`{"at":${second.detail.at}}`, '{"at":999}'),
    "taken out": whole.replace(`${lines[1]}\n`, ""),
    unreadable: whole.replace(lines[1] ?? "", "x"),
  };
  for (const [how, text] of Object.entries(alterations)) {
    expect(text).not.toBe(whole);
    await writeFile(file, text);
    const journal = await Journal.open(folder, privateKey);
    expect(await journal.findAlteration(), how).toMatchObject({ sequence: second.sequence + 1 });
    await journal.close();
  }
  await writeFile(file, whole);
  const again = await Journal.open(folder, privateKey);
  expect(await again.findAlteration()).toBeNull();
  await again.close();
});

test("a last entry that was changed is found by its signature", async () => {
  const first = await Journal.open(folder, privateKey);
  await write(first, 3);
  await first.close();
  const [file = ""] = await segments();
  await writeFile(file, (await readFile(file, "utf8")).replace('{"at":3}', '{"at":4}'));
  const second = await Journal.open(folder, privateKey);
  expect(await second.findAlteration()).toMatchObject({ sequence: 3 });
  await second.close();
});
