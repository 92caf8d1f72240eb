import { spawn } from "node:child_process";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { processesOf } from "../../scripts/demo/processes.ts";
import { root } from "../../scripts/test/run-step.ts";
import { Installation } from "../support/installation.ts";

const installation = new Installation();
const wait = ["server", "start", "--detach", "--port", "0", "--agent", "wait"];

afterEach(async () => {
  expect(await installation.stop()).toEqual([]);
}, 60_000);

const agents = (): readonly string[] =>
  processesOf(installation.dataDir)
    .map(({ command }) => command)
    .filter((command) => /agent(?:\/main\.ts| start)/.test(command));

it("a server that shall wait for a supervisor's agent starts none, and takes the one that comes", async () => {
  const starting = installation.tidelock(wait);
  const early = await Promise.race([starting, new Promise((done) => setTimeout(done, 4_000))]);
  expect(early).toBeUndefined();
  expect(agents()).toEqual([]);

  // As the unit does it: in the foreground, under somebody else's care.
  const program = join(root, "bin", "tidelock.mjs");
  const words = [program, "agent", "start", "--data-dir", installation.dataDir];
  const agent = spawn(process.execPath, words, { stdio: "ignore" });
  const ended = new Promise((done) => agent.once("close", done));
  await starting;
  expect(agents()).toHaveLength(1);
  expect(await installation.tidelock(["server", "status"])).toContain("connected");
  await installation.tidelock(["down", "--yes"]);
  expect(await ended).toBe(0);
}, 90_000);
