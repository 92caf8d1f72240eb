import { readFileSync } from "node:fs";
import { extname } from "node:path";

const extension = extname(import.meta.url);
let made: string | undefined;

/**
 * argv that makes Node run the harness, which goes along as text: the check's user may not be allowed to
 * read where we are installed. Its two files become one, without what they import of each other.
 */
export function harnessArgv(): readonly string[] {
  made ??= textOf("look") + textOf("harness");
  const type = extension === ".ts" ? "module-typescript" : "module";
  return ["node", "--disable-warning=ExperimentalWarning", `--input-type=${type}`, "--eval", made];
}

function textOf(name: string): string {
  const text = readFileSync(new URL(`./${name}${extension}`, import.meta.url), "utf8");
  return text
    .replace(/^import [^;]*? from "\.\/[^"]+";$/gm, "")
    .replace(/^export (?=(?:async )?function|const|let)/gm, "")
    .replace(/^export \{[^}]*\};$/gm, "");
}
