import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

export interface SourceFile {
  /** Relative to `src/`, with `/`. */
  readonly file: string;
  readonly text: string;
  readonly lines: number;
  /** What it imports, types and dynamic imports included. */
  readonly modules: readonly Import[];
}

interface Import {
  /** As written: `./x.ts`, `node:fs`, `zod`. */
  readonly name: string;
  /** `import type`: gone when the program runs. */
  readonly typesOnly: boolean;
}

/** Between two files of `src/`. */
export interface ImportEdge {
  readonly from: string;
  readonly to: string;
  readonly typesOnly: boolean;
}

const sourceFolder = resolve(import.meta.dirname, "../../src");

/** Every TypeScript file of `src/` but the tests. */
export function readSources(folder = sourceFolder): readonly SourceFile[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .sort()
    .map((file) => {
      const text = readFileSync(join(folder, file), "utf8");
      return { file, text, lines: text.trimEnd().split("\n").length, modules: modulesOf(text) };
    });
}

function modulesOf(text: string): readonly Import[] {
  const statements = /^(?:import|export)(\s+type)?\b[^;"]*?(?:\bfrom\s*)?"([^"]+)"/gm;
  const dynamic = /\bimport\(\s*"([^"]+)"/g;
  return [
    ...[...text.matchAll(statements)].map(([, type, name = ""]) => ({ name, typesOnly: !!type })),
    ...[...text.matchAll(dynamic)].map(([, name = ""]) => ({ name, typesOnly: false })),
  ];
}

export function readImports(sources: readonly SourceFile[]): readonly ImportEdge[] {
  return sources.flatMap(({ file, modules }) =>
    modules
      .filter(({ name }) => name.startsWith("."))
      .map(({ name, typesOnly }) => {
        const target = resolve(sourceFolder, dirname(file), name);
        return { from: file, to: relative(sourceFolder, target).replaceAll("\\", "/"), typesOnly };
      }),
  );
}
