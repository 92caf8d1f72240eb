import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { countsPage, formatsFile } from "../scripts/findings-formats.ts";
import { root } from "../scripts/test/run-step.ts";
import { formats } from "../src/findings/parsers/formats.ts";
import { counts, countOf, samples } from "./support/findings-counts.ts";

/** Those of a format that cannot be read yet have no row. */
const known = samples.filter(({ format }) =>
  formats.some(({ id }) => id === format || id.startsWith(`${format}-`)),
);

describe("real reports have the hits that test/fixtures/findings/counts.json says", () => {
  it.each(known.map((sample) => [`${sample.format}/${sample.file}`, sample] as const))(
    "%s",
    (name, sample) => {
      const expected = counts[name];
      if (expected === undefined) throw new Error(`${name} has no row in counts.json`);
      const { refused, why, ...rest } = expected;
      const { refused: error, ...found } = countOf(sample, expected.by);
      expect(found).toEqual(rest);
      expect(error ?? "").toContain(refused ?? "");
      expect(error === undefined).toBe(refused === undefined);
      // Another number than theirs is right only with a reason.
      if (refused !== undefined || (sample.expectedFindings ?? found.hits) !== found.hits) {
        expect(why, `${name}: theirs is ${sample.expectedFindings}`).toBeTruthy();
      }
    },
  );
});

describe("docs/findings-formats.md", () => {
  const page = readFileSync(join(root, formatsFile), "utf8");

  it("shows these counts (node scripts/findings-formats.ts writes them)", () => {
    expect(page).toBe(countsPage(page));
  });

  it("has a row of every format", () => {
    const [, section = ""] = page.split("## Formats");
    const [table = ""] = section.split("\n## ");
    const rows = table.split("\n").filter((line) => line.startsWith("| `"));
    const named = new Set(rows.flatMap((row) => row.split("|")[1]?.match(/[\w-]+/g) ?? []));
    expect(formats.map(({ id }) => id).filter((id) => !named.has(id))).toEqual([]);
  });
});
