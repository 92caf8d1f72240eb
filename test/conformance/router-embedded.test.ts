import { afterAll, beforeAll, describe } from "vitest";
import { embeddedRouter } from "../../src/routers/embedded/index.ts";
import {
  aSpec,
  deployed,
  fence,
  freePort,
  type Packed,
  slotOf,
  storeServer,
  untilState,
} from "../support/agent-harness.ts";
import { AgentUnderTest } from "../support/agent-process.ts";
import { routerConformance, type RouterUnderTest } from "./router.ts";

/** Real services under a real agent: the router's backends are what the agent runs. */
const source = `
import { createServer } from "node:http";
createServer((request, response) => {
  const answer = () => response.end(process.env.TIDELOCK_COLOUR);
  if (request.url === "/slow") setTimeout(answer, 600);
  else answer();
}).listen(Number(process.env.PORT), "127.0.0.1");
process.on("SIGTERM", () => process.exit(0));
`;

let agent: AgentUnderTest;
let artifact: Packed;
let subject: RouterUnderTest;
let generation = 0;

/** Effects on slots use the fence that the suite's routes begin with. */
const epoch = 10;
const slotFor = (lane: string, colour: "blue" | "green") =>
  slotOf(lane.split("/")[0] ?? "", colour);

beforeAll(async () => {
  agent = await AgentUnderTest.start();
  artifact = await storeServer(agent.dataDir, source);
  subject = {
    router: embeddedRouter(agent.client),
    async route(lane) {
      return {
        lane,
        listen: `127.0.0.1:${await freePort()}`,
        tls: null,
        trustedProxies: [],
        limits: { headerBytes: 16_384, bodyBytes: 1_000_000 },
        weights: { blue: 100, green: 0 },
        drainMs: 1_000,
      };
    },
    async fill(lane, colour) {
      const slot = slotFor(lane, colour);
      const spec = aSpec(artifact, { slot, generation: `g${++generation}` });
      await deployed(agent.client, artifact, spec, epoch);
      await untilState(agent.client, slot, "ready");
    },
    async empty(lane, colour) {
      const slot = slotFor(lane, colour);
      const operation = `empty/${++generation}`;
      await agent.client.call("slot.destroy", { fence: fence(epoch, slot), operation, slot });
    },
  };
});
afterAll(() => agent.end());

describe("the embedded router", () => {
  routerConformance(() => subject);
});
