import { afterAll, beforeAll, describe } from "vitest";
import { processTarget } from "../../src/targets/process/index.ts";
import { aProcess, storeServer } from "../support/agent-harness.ts";
import { AgentUnderTest } from "../support/agent-process.ts";
import { runsWithMark, startsOf } from "./support/process-world.ts";
import { describesTarget } from "./target.ts";

let agent: AgentUnderTest;
beforeAll(async () => {
  agent = await AgentUnderTest.start();
});
afterAll(async () => {
  await agent.end();
});

describe("the process target", () => {
  describesTarget({
    target: () => processTarget(agent.client),
    good: () => storeServer(agent.dataDir),
    bad: () => storeServer(agent.dataDir, `console.error("I cannot live"); process.exit(3)`),
    processes: () => ({ web: aProcess() }),
    isInstalled: async (slot) => runsWithMark(await agent.client.info(), slot),
    effects: (slot) => startsOf(agent.client, slot),
  });
});
