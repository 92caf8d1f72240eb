import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checks, findCheck } from "./registry.ts";

const folders = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  // What several adapters stand on is none itself.
  .filter((name) => !["probing", "scanner", "tool"].includes(name));

describe("the registry of checks", () => {
  it("knows every folder by its name, and nothing else", () => {
    expect([...checks.keys()].sort()).toEqual(folders.sort());
  });

  it.each(folders)("%s has a schema of its own and a test beside it", (folder) => {
    const files = readdirSync(`${import.meta.dirname}/${folder}`);
    expect(files).toContain("schema.ts");
    expect(files.some((file) => file.endsWith(".test.ts"))).toBe(true);
  });

  it("refuses unknown keys in every configuration", () => {
    for (const check of checks.values()) {
      const parsed = check.schema.safeParse({ requests: [], command: ["x"], nonsense: 1 });
      expect(parsed.success).toBe(false);
    }
  });

  it("names what there is when asked for what there is not", () => {
    expect(() => findCheck("zip")).toThrow(/no check adapter zip/);
    expect(findCheck("http").id).toBe("http");
  });
});
