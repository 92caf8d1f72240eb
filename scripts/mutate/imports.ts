import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../test/run-step.ts";

const known = new Map<string, readonly string[]>();

/** The files of this tree that one needs when it runs, by their places in the tree. Types are no need. */
function importsOf(file: string): readonly string[] {
  const before = known.get(file);
  if (before !== undefined) return before;
  const text = readFileSync(join(root, file), "utf8");
  const found = [...text.matchAll(/^(?:import|export|\})\s?(?!type\b)[^;"]*?"(\.[^"]+\.ts)"/gm)]
    .map((match) => join(dirname(file), match[1] ?? ""))
    .filter((one) => existsSync(join(root, one)));
  known.set(file, found);
  return found;
}

/** What a file needs, and what that needs. */
export function allImportsOf(file: string): ReadonlySet<string> {
  const found = new Set<string>();
  const left = [file];
  for (let one = left.pop(); one !== undefined; one = left.pop()) {
    if (found.has(one)) continue;
    found.add(one);
    left.push(...importsOf(one));
  }
  return found;
}

/** Everything that `test` runs and that is another as soon as `file` is: it has to be loaded anew. */
export function dependents(test: string, file: string): readonly string[] {
  return [...allImportsOf(test)].filter((one) => allImportsOf(one).has(file));
}
