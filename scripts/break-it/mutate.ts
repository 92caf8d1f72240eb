import { readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import type { Edit } from "./safeguard.ts";

/**
 * The text of a file with one edit made. Throws when its text is not there exactly once, or when the
 * outcome is no program: a table that has rotted must say so, not claim that a test noticed something.
 */
export function mutated(source: string, edit: Edit): string {
  const places = source.split(edit.text).length - 1;
  if (places !== 1) {
    const found = places === 0 ? "is not there" : `is there ${places} times`;
    throw new Error(
      `${edit.file}: the text to replace ${found}; adapt scripts/break-it/safeguards to the code:\n${edit.text}`,
    );
  }
  const outcome = source.replace(edit.text, () => edit.replacement);
  try {
    if (/\.m?ts$/.test(edit.file)) stripTypeScriptTypes(outcome);
  } catch (cause) {
    throw new Error(`${edit.file}: after the replacement it is no program any more`, { cause });
  }
  return outcome;
}

/** Makes the edits in the tree at `folder`, and nowhere else. */
export function applyEdits(folder: string, edits: readonly Edit[]): void {
  for (const edit of edits) {
    const path = join(folder, edit.file);
    writeFileSync(path, mutated(readFileSync(path, "utf8"), edit));
  }
}
