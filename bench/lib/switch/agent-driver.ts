import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:net";
import { layout } from "../../../src/model/layout.ts";
import type { Colour } from "../../../src/model/primitives.ts";
import type { RouteSpec } from "../../../src/ports/host-agent.ts";
import { AgentUnderTest } from "../../../test/support/agent-process.ts";
import {
  aProcess,
  aSpec,
  deployed,
  fence,
  slotOf,
  storeServer,
  untilState,
} from "../../../test/support/agent-harness.ts";
import { freePort, inRepository, untilListening } from "../processes.ts";
import type { SwitchDriver } from "./driver.ts";

const lane = "shop/production";

/** Drives a real host agent: it runs the services (two instances a colour), keeps the router and switches it. */
export async function agentDriver(drainMs: number): Promise<SwitchDriver> {
  const agent = await AgentUnderTest.start();
  const source = readFileSync(inRepository("bench/lib/switch/service.mjs"), "utf8");
  const artifact = await storeServer(agent.dataDir, source);
  const port = await freePort();
  const releases = { blue: "", green: "" };
  const route: RouteSpec = {
    lane,
    listen: `127.0.0.1:${port}`,
    tls: null,
    trustedProxies: [],
    limits: { headerBytes: 16 * 1024, bodyBytes: 10 * 1024 * 1024 },
    weights: { blue: 100, green: 0 },
    drainMs,
  };
  let operations = 0;

  async function deploy(colour: Colour): Promise<void> {
    const version = `1.${operations++}.0`;
    const slot = slotOf("shop", colour);
    await deployed(
      agent.client,
      artifact,
      aSpec(artifact, {
        slot,
        releaseName: `shop@${version}`,
        generation: `g${operations}`,
        processes: { web: aProcess({ replicas: 2, state: true }) },
      }),
      1,
    );
    await untilState(agent.client, slot, "ready");
    releases[colour] = version;
  }

  async function set(weights: RouteSpec["weights"]): Promise<void> {
    const seen = await agent.client.call("route.set", {
      fence: fence(1),
      operation: `switch/${operations++}`,
      route: { ...route, weights },
    });
    const effective = seen.effective?.weights;
    if (effective?.blue !== weights.blue || effective.green !== weights.green) {
      throw new Error(`the router says ${JSON.stringify(effective)}`);
    }
  }

  await deploy("blue");
  await deploy("green");
  await set(route.weights);
  await untilListening(port);
  return {
    port,
    releases,
    switchTo: (colour) =>
      set(colour === "blue" ? { blue: 100, green: 0 } : { blue: 0, green: 100 }),
    renew: deploy,
    executed() {
      return orderFiles(layout(agent.dataDir).state).flatMap((file) =>
        readFileSync(file, "utf8").split("\n").filter(Boolean),
      );
    },
    routerPid: () => routerPid(agent.dataDir),
    end: () => agent.end(),
  };
}

function orderFiles(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((name) => /(?:^|\/)orders-\d+$/.test(name))
    .map((name) => join(directory, name));
}

/** Asks the router itself; the agent's own protocol does not say. */
async function routerPid(dataDir: string): Promise<number> {
  const socket = connect(join(layout(dataDir).agent, "router-production.sock"));
  socket.write('{"id":1,"method":"read"}\n');
  let text = "";
  for await (const chunk of socket.setEncoding("utf8")) {
    text += chunk as string;
    if (text.includes("\n")) break;
  }
  socket.destroy();
  return (JSON.parse(text) as { result: { pid: number } }).result.pid;
}
