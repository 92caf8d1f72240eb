// `node scripts/findings-formats.ts`: writes the table of counts in docs/findings-formats.md, out of the table that
// the tests compare with the real reports (test/fixtures/findings/counts.json). A test compares the page with it.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Count, counts, samples } from "../test/support/findings-counts.ts";
import { root } from "./test/run-step.ts";

export const formatsFile = "docs/findings-formats.md";
const begin = "<!-- counts: written by scripts/findings-formats.ts -->";
const end = "<!-- counts: end -->";

/** The page with the table of today. */
export function countsPage(page: string): string {
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from === -1 || to < from) throw new Error(`${formatsFile} has lost its marks for the counts`);
  return `${page.slice(0, from + begin.length)}\n\n${table()}\n\n${page.slice(to)}`;
}

function table(): string {
  const rows = samples.flatMap(({ format, file, expectedFindings }) => {
    const count = counts[`${format}/${file}`];
    if (count === undefined) return [];
    const theirs = expectedFindings === null ? "" : String(expectedFindings);
    return [`| \`${count.by}\` | \`${file}\` | ${theirs} | ${ours(count)} | ${count.why ?? ""} |`];
  });
  return [
    "| format | file | theirs | ours | why |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

function ours({ hits, claims, incomplete, refused }: Count): string {
  if (refused !== undefined) return "refused";
  return [
    String(hits),
    ...(claims === undefined ? [] : [`${claims} ${claims === 1 ? "claim" : "claims"}`]),
    ...(incomplete ? ["incomplete"] : []),
  ].join(", ");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = join(root, formatsFile);
  writeFileSync(path, countsPage(readFileSync(path, "utf8")));
}
