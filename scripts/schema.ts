// `npm run schema`: writes schema/tidelock.schema.json, which editors check a tidelock.yaml with, and
// schema/tidelock-findings.schema.json, of our own format of findings. A test compares the files with the schemas of
// model, checks and findings, so forgetting to run this fails.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { checks } from "../src/checks/registry.ts";
import { GenericDocument } from "../src/findings/parsers/generic/schema.ts";
import { CheckDemand, Document } from "../src/model/pipeline.ts";
import { root } from "./test/run-step.ts";

export const schemaFile = join(root, "schema", "tidelock.schema.json");
export const findingsSchemaFile = join(root, "schema", "tidelock-findings.schema.json");

const draft = { io: "input", target: "draft-7" } as const;

/**
 * JSON Schema of one document as people write it: durations are text, defaults may be left out. What
 * `with` may hold depends on the adapter that `uses` names.
 */
export function tidelockSchema(): string {
  const adapters = [...checks.values()].map((check) => ({
    id: check.id,
    schema: z.toJSONSchema(check.schema, draft),
  }));
  const definitions: Record<string, unknown> = {};
  for (const { id, schema } of adapters) {
    const { $schema: _draft, definitions: own, ...rest } = schema;
    // An adapter's own definitions move up to the root, under its name.
    definitions[`check.${id}`] = moveReferences(rest, id);
    for (const [name, part] of Object.entries(own ?? {})) {
      definitions[`check.${id}.${name}`] = moveReferences(part, id);
    }
  }
  const schema = z.toJSONSchema(Document, {
    ...draft,
    override: ({ zodSchema, jsonSchema }) => {
      // A name of Zod's own; the pattern beside it says the same.
      if (jsonSchema.format === "starts_with") delete jsonSchema.format;
      if (zodSchema !== CheckDemand) return;
      const uses = { enum: adapters.map(({ id }) => id).sort() };
      // A new object: the one of `Name` is shared by all names.
      jsonSchema.properties = { ...jsonSchema.properties, uses };
      jsonSchema.allOf = adapters.map(({ id }) => ({
        if: { properties: { uses: { const: id } }, required: ["uses"] },
        // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
        then: { properties: { with: { $ref: `#/definitions/check.${id}` } } },
      }));
    },
  });
  const all = Object.assign({}, schema.definitions, definitions);
  const whole = { title: "tidelock.yaml", ...schema, definitions: all };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

/** JSON Schema of a report in our own format (docs/findings-formats.md). */
export function findingsSchema(): string {
  const schema = z.toJSONSchema(GenericDocument, draft);
  return `${JSON.stringify({ title: "Tidelock findings", ...schema }, null, 2)}\n`;
}

function moveReferences(part: unknown, id: string): unknown {
  const text = JSON.stringify(part);
  return JSON.parse(text.replaceAll('"#/definitions/', `"#/definitions/check.${id}.`));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(schemaFile, tidelockSchema());
  writeFileSync(findingsSchemaFile, findingsSchema());
}
