import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSpool, spoolLimits, startReader } from "./read-spool.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tidelock-reader-"));
});
afterAll(() => rm(folder, { recursive: true }));

const question = {
  path: "/nowhere",
  format: null,
  service: "shop",
  scan: null,
  environment: null,
  secretKey: new Uint8Array(32),
  most: 10,
};

async function program(name: string, text: string): Promise<URL> {
  const path = join(folder, `${name}.mjs`);
  await writeFile(path, text);
  return pathToFileURL(path);
}

async function asked(code: URL, { startMs = spoolLimits.startMs, asleepMs = 0 } = {}) {
  const limits = { ...spoolLimits, startMs };
  const reader = startReader(limits, code);
  await new Promise((resolve) => setTimeout(resolve, asleepMs));
  return readSpool(question, async () => undefined, limits, reader);
}

describe("a reading thread that cannot load its code", () => {
  it.each([
    ["a module that is gone", 'import "./nowhere.mjs";', "Cannot find module"],
    ["a text that is no program", "this is no code (", "Unexpected identifier"],
    ["one that ends", "process.exit(3);", "it ended with 3"],
  ])("is told at once as a fault of ours: %s", async (name, text, why) => {
    const code = await program(name.replaceAll(" ", "-"), text);
    // Asked while it starts, and long after it has ended.
    for (const asleepMs of [0, 300]) {
      const answer = await asked(code, { asleepMs });
      expect(answer).toMatchObject({ kind: "failure", code: "internal", bug: true });
      expect(answer).toHaveProperty("message", expect.stringContaining(`could not be started: `));
      expect(answer).toHaveProperty("message", expect.stringContaining(why));
    }
  });

  it("is waited for no longer than a start may take", async () => {
    const code = await program(
      "endless",
      "await new Promise(() => setInterval(() => undefined, 1_000));",
    );
    expect(await asked(code, { startMs: 200 })).toMatchObject({
      code: "internal",
      message: "the program that reads reports could not be started: not within 0.2 s",
    });
  });

  it("says of a report that cannot be read what is wrong with the report", async () => {
    const answer = await readSpool(question, async () => undefined);
    expect(answer).toMatchObject({ kind: "failure" });
    expect(answer).not.toHaveProperty("message", expect.stringContaining("could not be started"));
  });
});
