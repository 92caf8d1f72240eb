import type { ChildProcess } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort, inRepository, start, stop, untilListening } from "../processes.ts";
import { laneOf, newTesterKey, routerState } from "../router-state.ts";
import type { SwitchDriver } from "./driver.ts";

interface Colour {
  release: string;
  port: number;
  child: ChildProcess;
}

/** Drives the router process as the agent does, by its state file and control socket, with services of its own. */
export async function directDriver(drainMs: number): Promise<SwitchDriver> {
  const directory = mkdtempSync(join(tmpdir(), "tidelock-switch-"));
  const orders = join(directory, "orders");
  mkdirSync(orders);
  const stateFile = join(directory, "router-bench.json");
  const testerPublicKey = newTesterKey();
  const port = await freePort();
  let versions = 0;
  let generation = 0;
  let live: "blue" | "green" = "blue";

  async function service(): Promise<Colour> {
    const release = `1.${versions++}.0`;
    const own = await freePort();
    const child = start([process.execPath, inRepository("bench/lib/switch/service.mjs")], {
      env: { PORT: String(own), TIDELOCK_VERSION: release, TIDELOCK_STATE_DIR: orders },
    });
    await untilListening(own);
    return { release, port: own, child };
  }

  const colours = { blue: await service(), green: await service() };
  const replaced: ChildProcess[] = [];

  function write(): void {
    generation++;
    const weights = live === "blue" ? { blue: 100, green: 0 } : { blue: 0, green: 100 };
    const lane = laneOf({
      port,
      blue: [colours.blue.port],
      green: [colours.green.port],
      route: { weights, drainMs },
    });
    lane.colours.blue.releaseName = colours.blue.release;
    lane.colours.green.releaseName = colours.green.release;
    const accessLog = join(directory, "access.log");
    const state = routerState({ generation, testerPublicKey, accessLog, lanes: [lane] });
    writeFileSync(`${stateFile}.new`, JSON.stringify(state), { mode: 0o600 });
    renameSync(`${stateFile}.new`, stateFile);
  }

  write();
  const router = start([process.execPath, inRepository("src/agent/router/main.ts"), stateFile]);
  await untilListening(port);

  async function load(): Promise<void> {
    write();
    const socket = connect(stateFile.replace(/json$/, "sock"));
    await once(socket, "connect");
    socket.write('{"id":1,"method":"load"}\n');
    for await (const line of createInterface({ input: socket })) {
      const reply = JSON.parse(line) as {
        result?: { generation: number };
        error?: { message: string };
      };
      socket.destroy();
      if (reply.result?.generation !== generation) {
        throw new Error(`the router did not load: ${reply.error?.message ?? line}`);
      }
      return;
    }
    throw new Error("the router closed its control connection");
  }

  return {
    port,
    get releases() {
      return { blue: colours.blue.release, green: colours.green.release };
    },
    async switchTo(colour) {
      live = colour;
      await load();
    },
    async renew(colour) {
      const old = colours[colour].child;
      colours[colour] = await service();
      await load();
      // As the agent does: what the old instances still do has until the drain's ceiling.
      replaced.push(old);
      setTimeout(() => old.kill("SIGTERM"), drainMs + 1_000).unref();
    },
    executed() {
      return readdirSync(orders).flatMap((file) =>
        readFileSync(join(orders, file), "utf8").split("\n").filter(Boolean),
      );
    },
    async routerPid() {
      return router.pid ?? 0;
    },
    async end() {
      await stop(router);
      await Promise.all([...replaced, colours.blue.child, colours.green.child].map(stop));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
