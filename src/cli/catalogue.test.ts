import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { catalogue, findCommand } from "./catalogue.ts";
import { parseArguments } from "./parse-arguments.ts";

it("has one entry for each file of commands/, and a file for each entry", () => {
  const folder = new URL("commands/", import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => file.replace(/\.ts$/, "").replaceAll("/", " "));
  expect(files.toSorted()).toEqual(catalogue.map(({ words }) => words.join(" ")).toSorted());
});

it("loads every command, and each can show its own help", async () => {
  for (const { words, summary, load } of catalogue) {
    const parsed = parseArguments(words.join(" "), summary, await load(), ["--help"]);
    expect([words, parsed.kind]).toEqual([words, "help"]);
  }
});

it("takes the longest name that the words begin with", () => {
  expect(findCommand(["promotion", "list", "-o", "json"])?.rest).toEqual(["-o", "json"]);
  expect(findCommand(["promotion"])).toBeNull();
});
