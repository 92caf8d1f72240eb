import { expect, it } from "vitest";
import { Installation } from "../support/installation.ts";
import { needs, npmRegistryAnswers } from "../support/optional.ts";
import { releaseEverywhere } from "../support/real-service.ts";

const asked = process.env["TIDELOCK_TEST_LONG"] === "1";
const skip = needs(
  asked && npmRegistryAnswers(),
  "Node-RED (280 packages) is released only with TIDELOCK_TEST_LONG=1 and the npm registry",
);

it.skipIf(skip.missing)(
  "Node-RED, with its state on disk, goes from development to production as it came",
  async () => {
    const installation = new Installation();
    try {
      await installation.start();
      const service = { name: "flows", folder: "node-red", build: true, says: "Node-RED" };
      await releaseEverywhere(installation, service);
    } finally {
      expect(await installation.stop()).toEqual([]);
    }
  },
  900_000,
);
