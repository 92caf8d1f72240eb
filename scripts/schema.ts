// `npm run schema`: writes schema/tidelock.schema.json, which editors check a tidelock.yaml with. A test
// compares the file with the schemas in src/model, so forgetting to run this fails.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { Document } from "../src/model/pipeline.ts";
import { root } from "./test/run-step.ts";

export const schemaFile = join(root, "schema", "tidelock.schema.json");

/** JSON Schema of one document as people write it: durations are text, defaults may be left out. */
export function tidelockSchema(): string {
  const schema = z.toJSONSchema(Document, { io: "input", target: "draft-7" });
  return `${JSON.stringify({ title: "tidelock.yaml", ...schema }, null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(schemaFile, tidelockSchema());
