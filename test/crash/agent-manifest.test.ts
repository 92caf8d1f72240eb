import { createHmac } from "node:crypto";
import { chmodSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { digestHex, layout } from "../../src/model/layout.ts";
import {
  aProcess,
  aSpec,
  deployed,
  getJson,
  type Packed,
  slotOf,
  storeServer,
  until,
  untilState,
} from "../support/agent-harness.ts";
import { AgentUnderTest } from "../support/agent-process.ts";

/** Does on demand what nobody released: changes its configuration, runs a program that it wrote. */
const source = `
import { createServer } from "node:http";
import { copyFileSync, chmodSync, truncateSync, writeFileSync } from "node:fs";
import { spawn } from "node:child_process";
createServer((request, response) => {
  if (request.url === "/rewrite") writeFileSync(process.env.TIDELOCK_CONFIG_DIR + "/COLOUR_OF_SHOP", "red");
  if (request.url === "/grow") truncateSync(process.env.TIDELOCK_CONFIG_DIR + "/COLOUR_OF_SHOP", 1_900_000_000);
  if (request.url === "/drop") {
    const own = process.env.TMPDIR + "/miner";
    copyFileSync("/bin/sleep", own);
    chmodSync(own, 0o755);
    spawn(own, ["60"], { detached: true, stdio: "ignore" }).unref();
  }
  response.end("{}");
}).listen(Number(process.env.PORT), "127.0.0.1");
`;
const key = "5".repeat(64);
const mac = (name: string, value: string) =>
  createHmac("sha256", key).update(`${name.length}:${name}:${value}`).digest("hex");

/** The most that a process ever had, in MiB. */
function memoryOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

let agent: AgentUnderTest;
let artifact: Packed;
beforeAll(async () => {
  agent = await AgentUnderTest.start();
  artifact = await storeServer(agent.dataDir, source);
});
afterAll(() => agent.end());

async function start(service: string, delivery: "files" | "variables") {
  const slot = slotOf(service);
  const environment = { delivery, entries: { COLOUR_OF_SHOP: "blue", MAIL: "{sink.mail}" } };
  const processes = { web: aProcess() };
  const spec = aSpec(artifact, { slot, bindings: "isolated", processes, environment });
  await deployed(agent.client, artifact, spec);
  const seen = await untilState(agent.client, slot, "ready");
  const manifest = () => agent.client.call("slot.manifest", { slot, key });
  return { slot, port: seen.instances[0]?.port ?? 0, manifest };
}

test("a manifest shows what was released and delivered, and no value", async () => {
  for (const delivery of ["files", "variables"] as const) {
    const { manifest } = await start(`as-${delivery}`, delivery);
    const seen = await manifest();
    expect(seen).toMatchObject({
      visible: true,
      deployed: { bindings: "isolated", delivery },
      artifacts: [{ digest: artifact.digest, change: null }],
      misplaced: [],
      delivered: [
        { name: "COLOUR_OF_SHOP", mac: mac("COLOUR_OF_SHOP", "blue"), problem: null },
        { name: "MAIL", mac: mac("MAIL", "{sink.mail}"), problem: null },
      ],
      processes: [
        { instance: "web-0", main: true, program: "node", from: "machine", foreignUser: null },
      ],
    });
    expect(seen.entries).toBe(2);
    const variables = seen.processes[0]?.variables ?? {};
    expect(variables["COLOUR_OF_SHOP"]).toBe(
      delivery === "variables" ? mac("COLOUR_OF_SHOP", "blue") : undefined,
    );
    expect(Object.keys(variables)).toContain("TIDELOCK_INSTANCE");
    expect(JSON.stringify(seen)).not.toContain('"blue"');
  }
});

test("a manifest shows a rewritten key, and a program that the service wrote and started", async () => {
  const { manifest, port } = await start("changes", "files");
  await getJson(port, "/rewrite");
  await getJson(port, "/drop");
  const seen = await until("the program runs", async () => {
    const now = await manifest();
    return now.processes.some(({ program }) => program === "miner") ? now : null;
  });
  expect(seen.delivered[0]).toMatchObject({
    name: "COLOUR_OF_SHOP",
    problem: "its file was changed",
  });
  expect(seen.processes).toContainEqual(
    expect.objectContaining({ program: "miner", from: "written", main: false }),
  );
});

test("a service that makes its own file huge does not make the agent read it", async () => {
  const { manifest, port, slot } = await start("huge", "files");
  await getJson(port, "/grow");
  const before = memoryOf(await agent.pid());
  const seen = await manifest();
  expect(seen.delivered[0]).toMatchObject({ problem: "its file was changed" });
  const search = await agent.client.call("slot.search", { slot, values: { A: "never-there" } });
  expect(search).toMatchObject({ unreadable: 1, found: [] });
  expect(memoryOf(await agent.pid()) - before).toBeLessThan(300);
});

test("a manifest shows a released file that was changed, and one that may be written", async () => {
  const { manifest } = await start("files", "files");
  const folder = join(layout(agent.dataDir).releases, digestHex(artifact.digest));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, "added.mjs"), "1", { mode: 0o666 });
  try {
    const seen = await manifest();
    expect(seen.artifacts[0]?.change).toContain("added");
    expect(seen.misplaced.join()).toMatch(/added\.mjs may be written/);
    expect(readdirSync(folder)).toContain("added.mjs");
  } finally {
    chmodSync(folder, 0o555);
  }
});
