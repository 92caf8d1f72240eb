import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Installation } from "../support/installation.ts";
import { needs, needsTool, npmRegistryAnswers } from "../support/optional.ts";
import { releaseEverywhere } from "../support/real-service.ts";

const python = needsTool("python3");
const registry = needs(
  npmRegistryAnswers(),
  "the npm registry does not answer: no release of serve",
);

describe.skipIf(python.missing && registry.missing)("services that nobody here wrote", () => {
  let installation: Installation;
  beforeAll(async () => {
    installation = new Installation();
    await installation.start();
  }, 120_000);
  afterAll(async () => {
    expect(await installation.stop()).toEqual([]);
  }, 60_000);

  it.skipIf(python.missing)(
    "one that is not Node goes from development to production as it came",
    () => {
      const service = { name: "lock-pages", folder: "python-http", build: false };
      return releaseEverywhere(installation, { ...service, says: "Lock times" });
    },
    300_000,
  );

  it.skipIf(registry.missing)(
    "one from npm goes from development to production as it came",
    () => {
      const service = { name: "lock-times", folder: "serve", build: true };
      return releaseEverywhere(installation, { ...service, says: "Lock times" });
    },
    600_000,
  );
});
