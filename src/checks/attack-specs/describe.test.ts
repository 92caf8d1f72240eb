import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { describeSteps } from "./describe.ts";
import { library } from "./library.ts";

it("is what docs/checks/attack-specs.md says (node scripts/steps.ts writes it)", () => {
  const page = readFileSync(
    new URL("../../../docs/checks/attack-specs.md", import.meta.url),
    "utf8",
  );
  expect(page.endsWith(`-->\n\n${describeSteps()}\n`)).toBe(true);
});

it("has no text that two steps understand", () => {
  const samples = library.map(({ expression: { source } }) =>
    source
      .replaceAll("{string}", '"x"')
      .replaceAll("{int}", "7")
      .replaceAll("{word}", "GET")
      .replaceAll("{pattern}", "/x/")
      .replace(/\((\w+)\)/g, "$1")
      .replace(/\b(\w+)\/\w+\b/g, "$1"),
  );
  for (const sample of samples) {
    expect(library.filter(({ expression }) => expression.match(sample) !== null)).toHaveLength(1);
  }
});
