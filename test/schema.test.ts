import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import {
  findingsSchema,
  findingsSchemaFile,
  schemaFile,
  tidelockSchema,
} from "../scripts/schema.ts";
import { root } from "../scripts/test/run-step.ts";
import { checks } from "../src/checks/registry.ts";
import { generic } from "../src/findings/parsers/generic/index.ts";
import { readText } from "../src/findings/reading/read-text.ts";
import { initFile } from "../src/pipeline-file/init.ts";
import { parseDocuments } from "../src/pipeline-file/parse.ts";

it("publishes the JSON Schema that belongs to this version's pipeline files", () => {
  expect(readFileSync(schemaFile, "utf8"), "run `npm run schema`").toBe(tidelockSchema());
});

describe("the JSON Schema of our own format of findings", () => {
  const validateFindings = new Ajv({ strict: false, validateFormats: false }).compile(
    JSON.parse(findingsSchema()),
  );

  it("is published as this version reads it", () => {
    expect(readFileSync(findingsSchemaFile, "utf8"), "run `npm run schema`").toBe(findingsSchema());
  });

  it("takes the example of the page, and so does the parser; a misspelt key neither", () => {
    const page = readFileSync(join(root, "docs/findings-formats.md"), "utf8");
    const example = /```json\n([^`]+)```/.exec(page)?.[1] ?? "";
    expect(validateFindings(JSON.parse(example)), JSON.stringify(validateFindings.errors)).toBe(
      true,
    );
    expect(readText(generic, example)).toMatchObject({ complete: true, observations: [{}] });
    const misspelt = example.replace('"severity"', '"severty"');
    expect(validateFindings(JSON.parse(misspelt))).toBe(false);
    expect(() => readText(generic, misspelt)).toThrow();
  });
});

const good = initFile({ folder: "shop", packageJson: null });
const validate = new Ajv({ strict: false, allErrors: true }).compile(JSON.parse(tidelockSchema()));

/** What an editor says, document by document. */
function schemaTakes(text: string): boolean {
  const documents = parseAllDocuments(text);
  return Array.isArray(documents) && documents.every((document) => validate(document.toJS()));
}

function parserTakes(text: string): boolean {
  const adapters = checks;
  try {
    parseDocuments("tidelock.yaml", text, { checks: adapters });
    return true;
  } catch {
    return false;
  }
}

describe("the JSON Schema and the parser", () => {
  it("both take a first file of a service that describes its API, which is fuzzed in testing", () => {
    const text = initFile({
      folder: "shop",
      packageJson: null,
      apiDescription: "docs/openapi.yaml",
    });
    expect({ schema: schemaTakes(text), parser: parserTakes(text) }).toEqual({
      schema: true,
      parser: true,
    });
    const { pipelines } = parseDocuments("tidelock.yaml", text, { checks });
    const demanding = pipelines[0]?.spec.environments.filter((one) =>
      one.checks.some(({ uses }) => uses === "api-fuzz"),
    );
    expect(demanding?.map(({ name }) => name)).toEqual(["testing"]);
  });

  const examples = ["shop", "real/node-red", "real/python-http", "real/serve"];
  it.each(examples)("both take examples/%s", (name) => {
    const text = readFileSync(`${import.meta.dirname}/../examples/${name}/tidelock.yaml`, "utf8");
    expect({ schema: schemaTakes(text), parser: parserTakes(text) }).toEqual({
      schema: true,
      parser: true,
    });
  });

  const samples: readonly [string, string, string, boolean][] = [
    ["the first file", "", "", true],
    ["a longer soak", "soak: 0s", "soak: 12h", true],
    ["a recreate strategy", "gate: baseline", "strategy: recreate", true],
    [
      "the smoke pack with a severity",
      "uses: smoke",
      "uses: smoke\n          with: {severity: {hsts: off}}",
      true,
    ],
    ["an unknown key", "soak: 0s", "soack: 0s", false],
    ["a duration as number", "soak: 0s", "soak: 5", false],
    ["a duration without unit", "soak: 0s", 'soak: "5"', false],
    ["an unknown gate", "gate: baseline", "gate: loose", false],
    ["a shell line as command", 'command: ["./server"]', "command: ./server", false],
    ["an upper-case name", "name: shop", "name: Shop", false],
    ["a negative number", "replicas: 1", "replicas: -1", false],
    ["another version of the format", "tidelock.dev/v1", "tidelock.dev/v2", false],
    ["a missing tier", "  tier: testing\n", "", false],
    ["a check nobody knows", "uses: http", "uses: zap", false],
    ["an unknown key in a check", "latencyMs: 2000", "latency: 2000", false],
    ["a status that is none", "expect: { status: 200", "expect: { status: 20", false],
    [
      "a severity that is none",
      "uses: smoke",
      "uses: smoke\n          with: {severity: {hsts: maybe}}",
      false,
    ],
    [
      "a rule that is none",
      "uses: smoke",
      "uses: smoke\n          with: {severity: {hsst: off}}",
      false,
    ],
  ];
  it.each(samples)("agree on %s", (_name, from, to, valid) => {
    expect(good).toContain(from);
    const text = good.replace(from, to);
    expect({ schema: schemaTakes(text), parser: parserTakes(text) }).toEqual({
      schema: valid,
      parser: valid,
    });
  });
});
