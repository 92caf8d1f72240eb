import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { layout } from "../../src/model/layout.ts";
import type { TargetDeclaration } from "../../src/model/pipeline.ts";
import type { Slot } from "../../src/model/primitives.ts";
import { scriptTarget } from "../../src/targets/script/index.ts";
import { type Packed, aSpec, fence, slotOf, storeTree, until } from "../support/agent-harness.ts";
import { AgentUnderTest } from "../support/agent-process.ts";
import { describesTarget } from "./target.ts";

/** Installs by writing into the folder that the service keeps, as an upgrade in place would. */
const installer = `
import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
const [, , what] = process.argv;
const { TIDELOCK_STATE_DIR: folder, TIDELOCK_COLOUR: colour, TIDELOCK_VERSION: version } = process.env;
const file = folder + "/installed-" + colour;
if (what === "deploy") {
  writeFileSync(file, readFileSync("payload.txt"));
  appendFileSync(folder + "/log-" + colour, version + "\\n");
  console.log("installed with", readdirSync(process.env.TIDELOCK_CONFIG_DIR).length, "settings");
} else if (what === "verify") {
  if (readFileSync(file, "utf8") !== readFileSync("payload.txt", "utf8")) process.exit(4);
} else if (what === "destroy") {
  rmSync(file, { force: true });
} else if (what === "dry-run") {
  console.log("would install version " + version + " of " + process.env.TIDELOCK_SERVICE);
}`;

let agent: AgentUnderTest;
beforeAll(async () => {
  agent = await AgentUnderTest.start();
});
afterAll(async () => {
  await agent.end();
});

const declaration: Extract<TargetDeclaration, { type: "script" }> = {
  type: "script",
  deploy: ["node", "install.mjs", "deploy"],
  verify: ["node", "install.mjs", "verify"],
  destroy: ["node", "install.mjs", "destroy"],
  dryRun: ["node", "install.mjs", "dry-run"],
  timeout: 20_000,
};

function release(source: string = installer): Promise<Packed> {
  return storeTree(agent.dataDir, [
    { name: "install.mjs", content: source },
    { name: "payload.txt", content: "the release" },
  ]);
}

function stateFile(slot: Slot, name: string): string {
  const { state } = layout(agent.dataDir);
  return join(state, slot.service, slot.environment, "script", `${name}-${slot.colour}`);
}

describe("the script target", () => {
  describesTarget({
    target: () => scriptTarget(agent.client, declaration),
    good: () => release(),
    bad: () => release(`console.error("I cannot live"); process.exit(3)`),
    processes: () => ({}),
    isInstalled: async (slot) => existsSync(stateFile(slot, "installed")),
    effects: async (slot) =>
      (await readFile(stateFile(slot, "log"), "utf8")).trim().split("\n").length,
  });

  test("is ready only when verify says so as well", async () => {
    const slot = slotOf("script-verify");
    const artifact = await release(
      installer.replace(
        `else if (what === "verify") {`,
        `else if (what === "verify") { process.exit(6);`,
      ),
    );
    const target = scriptTarget(agent.client, declaration);
    await target.deploy(
      { fence: fence(1, slot), operation: "deploy" },
      aSpec(artifact, { slot, processes: {} }),
      new Map([[artifact.digest, artifact.path]]),
    );
    const seen = await until("it has failed", async () => {
      const now = await target.observe(slot);
      return now.state === "failed" ? now : null;
    });
    expect(seen.message).toContain("exit code 6");
  });

  test("goes on while the agent is killed, and is found again", async () => {
    const slot = slotOf("script-kill");
    const artifact = await release(
      installer.replace(
        `if (what === "deploy") {`,
        `if (what === "deploy") { await new Promise((r) => setTimeout(r, 1200));`,
      ),
    );
    const paths = new Map([[artifact.digest, artifact.path]]);
    const deploy = async (): Promise<void> =>
      scriptTarget(agent.client, declaration).deploy(
        { fence: fence(1, slot), operation: "deploy" },
        aSpec(artifact, { slot, processes: {} }),
        paths,
      );
    await deploy();
    await agent.kill();
    await agent.startAgain();
    await deploy();
    const target = scriptTarget(agent.client, declaration);
    await until("it is ready", async () => (await target.observe(slot)).state === "ready");
    expect(await readFile(stateFile(slot, "log"), "utf8")).toBe("1.0.0\n");
  });

  test("a destroy script that fails says so, and the slot keeps what it has", async () => {
    const slot = slotOf("script-stays");
    const artifact = await release(
      installer.replace(
        `rmSync(file, { force: true })`,
        `console.error("in use"); process.exit(9)`,
      ),
    );
    const target = scriptTarget(agent.client, declaration);
    await target.deploy(
      { fence: fence(1, slot), operation: "deploy" },
      aSpec(artifact, { slot, processes: {} }),
      new Map([[artifact.digest, artifact.path]]),
    );
    await until("it is ready", async () => (await target.observe(slot)).state === "ready");
    const call = target.destroy({ fence: fence(1, slot), operation: "end" }, slot);
    await expect(call).rejects.toMatchObject({ code: "failed", hint: "in use" });
    expect((await target.observe(slot)).state).toBe("ready");
  });
});
