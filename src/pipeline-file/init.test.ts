import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { initFile } from "./init.ts";
import { parseDocuments } from "./parse.ts";

function made(folder: string, packageJson: object | string | null) {
  const text = initFile({
    folder,
    packageJson:
      packageJson === null || typeof packageJson === "string"
        ? packageJson
        : JSON.stringify(packageJson),
  });
  const { pipelines, environments } = parseDocuments("tidelock.yaml", text);
  const pipeline = pipelines[0];
  return {
    text,
    name: pipeline?.metadata.name,
    command: pipeline?.spec.processes["web"]?.command,
    lanes: pipeline?.spec.environments.map((lane) => lane.name),
    tiers: environments.map((environment) => environment.spec.tier),
  };
}

describe("the first pipeline file", () => {
  it("parses as it is, with four environments of both kinds", () => {
    const { lanes, tiers, text } = made("shop", null);
    expect(lanes).toEqual(["development", "testing", "staging", "production"]);
    expect(tiers).toEqual(lanes);
    expect(text).toContain("CHANGE THIS");
  });

  it("takes name and command from package.json", () => {
    const file = made("folder", {
      name: "@acme/Shop_UI",
      scripts: { start: "node ./server.js --x=1" },
    });
    expect(file.name).toBe("shop-ui");
    expect(file.command).toEqual(["node", "./server.js", "--x=1"]);
    expect(file.text).not.toContain("CHANGE THIS");
  });

  it("runs a start script that needs a shell through npm", () => {
    const file = made("shop", { scripts: { start: "NODE_ENV=production node server.js && true" } });
    expect(file.command).toEqual(["npm", "run", "--silent", "start"]);
  });

  it("falls back to main", () => {
    expect(made("shop", { main: "lib/index.js" }).command).toEqual(["node", "lib/index.js"]);
  });

  it("parses whatever folder and package.json there are", () => {
    const text = fc.string({ unit: "binary", maxLength: 80 });
    const json = fc.oneof(
      fc.constant(null),
      text,
      fc.json(),
      fc
        .record({ name: text, start: text, main: text })
        .map(({ name, start, main }) => JSON.stringify({ name, main, scripts: { start } })),
    );
    fc.assert(
      fc.property(text, json, (folder, packageJson) => {
        expect(made(folder, packageJson).name).toMatch(/^[a-z][a-z0-9-]*$/);
      }),
      { numRuns: 200 },
    );
  });
});
