import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { variables } from "./environment.ts";
import { commandReference } from "./reference.ts";

it("is what docs/commands.md says", async () => {
  const file = new URL("../../docs/commands.md", import.meta.url);
  expect(readFileSync(file, "utf8")).toBe(await commandReference());
});

it("names every variable of the environment that the sources read", async () => {
  const { globSync } = await import("node:fs");
  const sources = new URL("../", import.meta.url).pathname;
  const found = new Set<string>();
  for (const file of globSync("{cli,server,model}/**/*.ts", { cwd: sources })) {
    if (file.endsWith(".test.ts")) continue;
    const text = readFileSync(sources + file, "utf8");
    for (const [, name] of text.matchAll(
      /environment\["([A-Z_]+)"\]|process\.env\["([A-Z_]+)"\]/g,
    )) {
      if (name !== undefined) found.add(name);
    }
    for (const [, name] of text.matchAll(/process\.env\["([A-Z_]+)"\]/g)) found.add(name ?? "");
  }
  // The system's own: a terminal's kind, a continuous integration, a session's folder.
  for (const name of ["TERM", "CI", "XDG_RUNTIME_DIR"]) found.delete(name);
  expect([...found].filter((name) => !(name in variables))).toEqual([]);
});
