import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { extname } from "node:path";

let made: string | undefined;

/**
 * The harness and what it imports of ours as one text of plain JavaScript: the check's user may not be
 * allowed to read where we are installed.
 */
export function bundleHarness(): string {
  made ??= textOf(`./harness${extname(import.meta.url)}`);
  return made;
}

/** Files beside it stand in it as `data:` addresses. */
function textOf(file: string): string {
  const text = readFileSync(new URL(file, import.meta.url), "utf8");
  const plain = file.endsWith(".ts") ? stripTypeScriptTypes(text) : text;
  return plain.replace(/from "(\.\/[\w-]+\.[jt]s)"/g, (_, beside: string) => {
    const inner = Buffer.from(textOf(beside)).toString("base64");
    return `from "data:text/javascript;base64,${inner}"`;
  });
}
