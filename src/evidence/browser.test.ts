import { expect, it } from "vitest";
import { readImports, readSources } from "../../test/support/imports.ts";

/** What adapts foreign formats with Node's own cryptography, each saying so itself. */
const nodeOnly = /^evidence\/(foreign\/(sigstore|x509)\/|foreign\/verify|release-check)/;

const sources = readSources();
const edges = readImports(sources);

/** Files that run when `file` does, itself included. */
function reached(file: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const edge of edges) if (edge.from === file && !edge.typesOnly) reached(edge.to, seen);
  return seen;
}

const pure = sources
  .map(({ file }) => file)
  .filter((file) => file.startsWith("evidence/") && !nodeOnly.test(file));

it.each(pure)("%s runs in a browser: nothing it needs imports from Node", (file) => {
  // ledger/crypto.ts asks the running program for Node's cryptography, without an import.
  const needs = [...reached(file)]
    .filter((one) => one !== "ledger/crypto.ts")
    .flatMap((one) =>
      (sources.find((source) => source.file === one)?.modules ?? [])
        .filter(({ name, typesOnly }) => !typesOnly && /^(node:|@sigstore\/)/.test(name))
        .map(({ name }) => `${one}: ${name}`),
    );
  expect(needs).toEqual([]);
});
