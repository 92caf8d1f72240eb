import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const list = readFileSync(join(import.meta.dirname, "README.md"), "utf8");
const rows = list
  .split("\n")
  .filter((line) => line.startsWith("| ") && !/^\| (attempt|-+) /.test(line))
  .map((line) => line.split("|").map((cell) => cell.trim()));

it("lists tests that are there, each in its file under exactly its name", () => {
  const missing = rows.flatMap(([, attempt, file = "", name = ""]) => {
    const path = join(root, file.replaceAll("`", ""));
    const found = existsSync(path) && readFileSync(path, "utf8").includes(`"${name}"`);
    return found && name !== "" ? [] : [`${attempt ?? ""}: ${file} has no test "${name}"`];
  });
  expect(missing).toEqual([]);
});

it("lists what the project says that it withstands", () => {
  const attempts = rows.map(([, attempt = ""]) => attempt).join("\n");
  for (const word of [
    "second e-mail",
    "forged author",
    "sock puppet",
    "passkey",
    "unlinked identity",
    "another environment",
    "one byte of the plan",
    "sign-in challenge",
    "own edit of a policy",
    "token of one service on another",
    "without an algorithm",
    "another audience",
    "is over",
    "key confusion",
    "jti",
    "fixation",
    "CSRF",
    "DNS rebinding",
  ]) {
    expect(attempts).toContain(word);
  }
  expect(new Set(rows.map((row) => row[1])).size).toBe(rows.length);
});
