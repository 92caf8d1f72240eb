import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openLogFile } from "./log-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tidelock-log-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

it("keeps two files at most, whatever is written, and the newest lines in the first", () => {
  const path = join(folder, "server.log");
  const out = openLogFile(path, 1_000);
  for (let line = 0; line < 500; line += 1) out.write(`${String(line).padStart(9, "0")}\n`);
  expect(readdirSync(folder).sort()).toEqual(["server.log", "server.log.1"]);
  expect(statSync(path).size + statSync(`${path}.1`).size).toBeLessThanOrEqual(2_000);
  expect(readFileSync(path, "utf8").trimEnd().split("\n").at(-1)).toBe("000000499");
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it("goes on with what is there, and is quiet about a folder that is not", () => {
  const path = join(folder, "server.log");
  for (const text of ["one\n", "two\n"]) openLogFile(path).write(text);
  expect(readFileSync(path, "utf8")).toBe("one\ntwo\n");
  expect(() => openLogFile(join(folder, "gone", "server.log")).write("x")).not.toThrow();
});
