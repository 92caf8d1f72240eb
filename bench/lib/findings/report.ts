import { hash } from "node:crypto";

/** How much of a later report differs from the first one; shares of all results. */
export interface Changes {
  readonly lines: number;
  readonly files: number;
  readonly fresh: number;
}

/**
 * A SARIF report as a scanner of code writes it, in pieces: rules, places, fingerprints of its own and quoted code of
 * 20,000 files. The same numbers give the same report.
 */
export async function* sarifReport(
  results: number,
  changes: Changes | null,
): AsyncGenerator<Uint8Array> {
  const rules = Array.from({ length: 200 }, (_, index) => ({
    id: `rule-${index}`,
    shortDescription: { text: `Rule ${index} was broken` },
    properties: { "security-severity": String((index % 100) / 10), tags: ["external/cwe/cwe-79"] },
  }));
  const driver = { name: "Bench", version: "1.0.0", rules };
  yield Buffer.from(
    `{"version":"2.1.0","runs":[{"tool":{"driver":${JSON.stringify(driver)}},"results":[`,
  );
  let piece = "";
  for (let index = 0; index < results; index += 1) {
    piece += (index === 0 ? "" : ",") + JSON.stringify(resultOf(index, results, changes));
    if (piece.length < 256 * 1_024) continue;
    yield Buffer.from(piece);
    piece = "";
  }
  yield Buffer.from(`${piece}]}]}`);
}

function resultOf(index: number, results: number, changes: Changes | null) {
  const share = index / results;
  const fresh = changes !== null && share < changes.fresh;
  const moved = changes !== null && !fresh && share < changes.fresh + changes.files;
  const lower = changes !== null && share > 1 - changes.lines;
  const thing = fresh ? results + index : index;
  const snippet = `const value${thing} = request.query["key${thing}"]; return database.run(value${thing});`;
  return {
    ruleId: `rule-${thing % 200}`,
    level: "warning",
    message: { text: `The value ${thing} of a request reaches a query without being escaped.` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: `src/${moved ? "moved" : "part"}/module-${thing % 20_000}.js` },
          region: {
            startLine: 1 + (thing % 977) + (lower ? 12 : 0),
            startColumn: 7,
            snippet: { text: snippet },
          },
        },
      },
    ],
    partialFingerprints: { primaryLocationLineHash: hash("sha256", snippet).slice(0, 16) },
  };
}
