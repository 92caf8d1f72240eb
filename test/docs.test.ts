import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../scripts/test/run-step.ts";
import { tidelockSchema } from "../scripts/schema.ts";

const pages = [
  ...readdirSync(root).filter((name) => name.endsWith(".md")),
  ...readdirSync(join(root, "docs")).map((name) => join("docs", name)),
  ...readdirSync(join(root, "docs", "checks")).map((name) => join("docs", "checks", name)),
  join("examples", "README.md"),
].filter((name) => name.endsWith(".md"));

/** Every key that a JSON Schema allows anywhere. */
function keysOf(schema: unknown): readonly string[] {
  if (Array.isArray(schema)) return schema.flatMap(keysOf);
  if (typeof schema !== "object" || schema === null) return [];
  return Object.entries(schema).flatMap(([name, value]) =>
    name === "properties"
      ? [...Object.keys(value as object), ...keysOf(Object.values(value as object))]
      : keysOf(value),
  );
}

describe("the documentation", () => {
  it("explains every key of tidelock.yaml", () => {
    // What a check takes in its `with` stands in its own section of checks.md, or in a page of its own; requirements
    // and threat models have a page too.
    const text = pages
      .filter((name) => /^docs\/(pipeline|requirements|checks|checks\/.*)\.md$/.test(name))
      .map((name) => readFileSync(join(root, name), "utf8"))
      .join();
    const words = new Set(text.match(/[A-Za-z][A-Za-z0-9]*/g));
    const missing = keysOf(JSON.parse(tidelockSchema())).filter((key) => !words.has(key));
    expect(missing).toEqual([]);
  });

  it("argues every dependency", () => {
    const page = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
    const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<
      "dependencies" | "devDependencies",
      Record<string, string>
    >;
    const names = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
    const unargued = names.filter(
      (name) => !name.startsWith("@types/") && !page.includes(`\`${name}\``),
    );
    expect(unargued).toEqual([]);
  });

  it.each(pages)("%s links only to files that exist", (page) => {
    const text = readFileSync(join(root, page), "utf8");
    const links = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map((match) => match[1] ?? "");
    const local = links.filter((link) => !/^[a-z]+:/.test(link));
    const broken = local.filter((link) => !existsSync(join(root, dirname(page), link)));
    expect(broken, relative(root, page)).toEqual([]);
  });
});
