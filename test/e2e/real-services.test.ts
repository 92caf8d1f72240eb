import { cpSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../scripts/test/run-step.ts";
import { Installation, moveToFreePorts } from "../support/installation.ts";
import { needs, needsTool, npmRegistryAnswers } from "../support/optional.ts";

/**
 * Services that nobody here wrote, through all four environments. The large one (Node-RED, 280 packages) runs
 * only with TIDELOCK_TEST_LONG=1.
 */
const registry = npmRegistryAnswers();
const long = process.env["TIDELOCK_TEST_LONG"] === "1";
const services = [
  {
    name: "lock-pages",
    folder: "python-http",
    says: "Lock times",
    build: false,
    skip: needsTool("python3"),
  },
  {
    name: "lock-times",
    folder: "serve",
    says: "Lock times",
    build: true,
    skip: needs(registry, "the npm registry does not answer: serve is not released"),
  },
  {
    name: "flows",
    folder: "node-red",
    says: "Node-RED",
    build: true,
    skip: needs(registry && long, "Node-RED is released only with TIDELOCK_TEST_LONG=1"),
  },
] as const;
const tiers = ["development", "testing", "staging", "production"];

describe.skipIf(services.every(({ skip }) => skip.missing))("real services", () => {
  let installation: Installation;
  beforeAll(async () => {
    installation = new Installation();
    await installation.start();
  }, 120_000);
  afterAll(async () => {
    expect(await installation.stop()).toEqual([]);
  }, 60_000);

  for (const { name, folder, says, build, skip } of services) {
    it.skipIf(skip.missing)(
      `${name} goes from development to production as it came`,
      async () => {
        const service = join(installation.folder, folder);
        cpSync(join(root, "examples", "real", folder), service, { recursive: true });
        const addresses = await moveToFreePorts(join(service, "tidelock.yaml"));
        await installation.tidelock(["pipeline", "apply"], service);
        const create = ["release", "create", "--version", "1.0.0", ...(build ? ["--build"] : [])];
        await installation.tidelock(create, service);
        for (const tier of tiers) {
          const environment = `${name}-${tier}`;
          const words = ["promote", `${name}@1.0.0`, "--to", environment, "--wait"];
          await installation.tidelock(words, service);
          const response = await fetch(addresses.get(environment) ?? "");
          expect(response.status).toBe(200);
          expect(await response.text()).toContain(says);
        }
      },
      600_000,
    );
  }
});
