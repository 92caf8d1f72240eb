import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { routerIds } from "../routers/registry.ts";
import { targetIds } from "./registry.ts";

function folders(family: string): string[] {
  return readdirSync(new URL(`../${family}/`, import.meta.url), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

test("every folder of targets/ and routers/ is an adapter that the registry knows, and none is missing", () => {
  expect(folders("targets")).toEqual([...targetIds].sort());
  expect(folders("routers")).toEqual([...routerIds].sort());
});
