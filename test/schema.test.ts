import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { schemaFile, tidelockSchema } from "../scripts/schema.ts";

it("publishes the JSON Schema that belongs to this version's pipeline files", () => {
  expect(readFileSync(schemaFile, "utf8"), "run `npm run schema`").toBe(tidelockSchema());
});
