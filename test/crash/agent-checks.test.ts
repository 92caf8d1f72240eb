import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { environmentOf, processTable } from "../../src/agent/os/process-table.ts";
import { layout } from "../../src/model/layout.ts";
import { untilEnded } from "../../src/checks/agent-run.ts";
import type { CheckProcess, HostAgent, Params } from "../../src/ports/host-agent.ts";
import { fence, slotOf, storeTree, until } from "../support/agent-harness.ts";
import { AgentUnderTest, runs } from "../support/agent-process.ts";
import { checkContext } from "../support/check-context.ts";

let agent: AgentUnderTest;
beforeAll(async () => {
  agent = await AgentUnderTest.start();
});
afterAll(async () => {
  await agent.end();
});

const slot = slotOf("checked");

async function start(
  run: string,
  source: string,
  change: Partial<Params<"check.start">> = {},
): Promise<void> {
  await agent.client.call("check.start", {
    fence: fence(1, slot),
    run,
    argv: ["node", "-e", source],
    env: {},
    tree: null,
    timeoutMs: 20_000,
    outputBytes: 100_000,
    ...change,
  });
}

async function ended(run: string): Promise<CheckProcess> {
  return until(`${run} ends`, async () => {
    const seen = await agent.client.call("check.observe", { run });
    return seen.state === "running" ? null : seen;
  });
}

/** Processes of one run, by the mark that all of them carry. */
function processesOf(word: string): readonly number[] {
  return processTable()
    .map(({ pid }) => pid)
    .filter((pid) => environmentOf(pid)?.get("RUN") === word);
}

test("a check's exit status, output and time are kept", async () => {
  await start("ok", `console.log("out"); console.error("err"); process.exit(4)`);
  const seen = await ended("ok");
  expect(seen).toMatchObject({
    state: "finished",
    exitCode: 4,
    signal: null,
    timedOut: false,
    stdout: "out\n",
    stderr: "err\n",
    truncated: false,
  });
  expect(seen.durationMs).toBeGreaterThan(0);
});

test("an unknown run is absent, not finished", async () => {
  expect(await agent.client.call("check.observe", { run: "never" })).toMatchObject({
    state: "absent",
  });
});

test("a check has nothing of ours in its environment, and a private folder", async () => {
  await start("env", `console.log(JSON.stringify({ env: process.env, cwd: process.cwd() }))`, {
    env: { TARGET: "http://127.0.0.1:1" },
  });
  const { stdout } = await ended("env");
  const { env, cwd } = JSON.parse(stdout) as { env: Record<string, string>; cwd: string };
  expect(Object.keys(env).sort()).toEqual([
    "HOME",
    "LANG",
    "PATH",
    "TARGET",
    "TIDELOCK_AGENT",
    "TIDELOCK_INSTANCE",
    "TMPDIR",
  ]);
  expect(cwd).toBe(env["HOME"]);
  await until("its folder is removed", () => !existsSync(cwd));
});

test("a check runs in the release's tree and cannot change it", async () => {
  const artifact = await storeTree(agent.dataDir, [
    { name: "report.txt", content: "of the release" },
  ]);
  await agent.client.call("artifact.ensure", artifact);
  const source = `
    const fs = require("node:fs");
    console.log(fs.readFileSync("report.txt", "utf8"));
    if (process.getuid() !== 0) fs.writeFileSync("report.txt", "changed");`;
  await start("tree", source, { tree: artifact.digest });
  const seen = await ended("tree");
  expect(seen.stdout).toBe("of the release\n");
  if ((await agent.client.info()).isolation === "separate-user") {
    expect(seen.stderr).toMatch(/EACCES|EROFS/);
  }
});

test("the same run never starts twice, also when it is asked for again after it ended", async () => {
  const source = `console.log("once")`;
  await start("twice", source);
  await start("twice", source);
  const first = await ended("twice");
  await start("twice", source);
  expect(await ended("twice")).toEqual(first);
  expect(first.stdout).toBe("once\n");
  const { entries } = await agent.client.call("journal.read", { after: 0, limit: 1_000 });
  expect(entries.filter(({ operation }) => operation === "twice")).toHaveLength(1);
  await expect(start("twice", "something else")).rejects.toMatchObject({ code: "conflict" });
});

test("a check that takes too long is ended with all that it started", async () => {
  const source = `
    const { spawn } = require("node:child_process");
    spawn("sleep", ["300"], { detached: true });
    spawn("sleep", ["300"]);
    process.on("SIGTERM", () => {});
    setInterval(() => {}, 1000);`;
  await start("slow", source, { timeoutMs: 700, env: { RUN: "slow" } });
  await until("it runs", () => processesOf("slow").length === 3);
  const seen = await ended("slow");
  expect(seen).toMatchObject({ state: "finished", timedOut: true, exitCode: null });
  await until("nothing is left", () => processesOf("slow").length === 0);
});

test("a check that was stopped is ended, and says so by having no exit status", async () => {
  await start("stopped", `setInterval(() => {}, 1000)`, { env: { RUN: "stopped" } });
  await until("it runs", () => processesOf("stopped").length > 0);
  await agent.client.call("check.stop", { run: "stopped" });
  expect(await ended("stopped")).toMatchObject({ exitCode: null, timedOut: false });
  expect(processesOf("stopped")).toEqual([]);
});

test("endless output is cut at the limit, and does not block the check", async () => {
  const source = `
    let left = 200;
    const more = () => {
      if (left-- === 0) process.exit(0);
      process.stdout.write("x".repeat(100_000), more);
    };
    more();`;
  await start("loud", source, { outputBytes: 5_000 });
  const seen = await ended("loud");
  expect(seen).toMatchObject({ exitCode: 0, truncated: true });
  expect(seen.stdout).toHaveLength(5_000);
});

test("a command that is not there is refused with its name, and starts nothing", async () => {
  const call = start("missing", "", { argv: ["no-such-scanner", "--all"] });
  await expect(call).rejects.toMatchObject({
    code: "invalid-input",
    message: expect.stringContaining("no-such-scanner") as string,
  });
  expect(await agent.client.call("check.observe", { run: "missing" })).toMatchObject({
    state: "absent",
  });
});

test("a check goes on while the agent is killed, and the next one has its exit status", async () => {
  await start("survivor", `setTimeout(() => { console.log("done"); process.exit(7); }, 1500)`, {
    env: { RUN: "survivor" },
  });
  await until("it runs", () => processesOf("survivor").length > 0);
  const [pid] = processesOf("survivor");
  await agent.kill();
  expect(runs(pid ?? 0)).toBe(true);
  await agent.startAgain();
  const during = await agent.client.call("check.observe", { run: "survivor" });
  expect(["running", "finished"]).toContain(during.state);
  expect(await ended("survivor")).toMatchObject({ exitCode: 7, stdout: "done\n" });
});

test("a check that ends while there is no agent has its exit status all the same", async () => {
  await start("alone", `setTimeout(() => process.exit(9), 400)`, { env: { RUN: "alone" } });
  await until("it runs", () => processesOf("alone").length > 0);
  await agent.kill();
  await until("it ended", () => processesOf("alone").length === 0);
  await agent.startAgain();
  expect(await ended("alone")).toMatchObject({ state: "finished", exitCode: 9 });
});

test("a check whose runner was killed is lost, and never looks like a pass", async () => {
  await start("lost", `setInterval(() => {}, 1000)`, { env: { RUN: "lost" } });
  await until("it runs", () => processesOf("lost").length > 0);
  const checks = join(layout(agent.dataDir).agent, "checks");
  for (const id of await readdir(checks)) {
    const record = JSON.parse(await readFile(join(checks, id, "record.json"), "utf8")) as {
      run: string;
    };
    if (record.run !== "lost") continue;
    const runner = JSON.parse(await readFile(join(checks, id, "runner.json"), "utf8")) as {
      pid: number;
    };
    process.kill(runner.pid, "SIGKILL");
  }
  expect(await ended("lost")).toMatchObject({ state: "unknown", exitCode: null });
  await until("nothing is left", () => processesOf("lost").length === 0);
});

test("programs after the first start only while each exits with 0", async () => {
  const say = (word: string, code: number): string[] => [
    "node",
    "-e",
    `console.log("${word}"); process.exit(${code})`,
  ];
  await start("chain", "", { argv: say("one", 0), andThen: [say("two", 5), say("three", 0)] });
  expect(await ended("chain")).toMatchObject({ exitCode: 5, stdout: "one\ntwo\n" });
});

/** Writes `bytes` bytes of numbered lines that hold characters of two bytes, and ends. */
const longSource = (bytes: number) => `
  const line = (n) => String(n).padStart(8, "0") + " é".repeat(30) + "\\n";
  let [text, n] = ["", 0];
  while (Buffer.byteLength(text) < ${bytes}) { let part = ""; for (let i = 0; i < 1000; i++) part += line(n++); text += part; }
  process.stdout.write(text, () => process.exit(3));`;

test("output too long for one answer is read in pages, also while the agent is killed in between", async () => {
  const agentThatDies: HostAgent = {
    call: async (method, params) => {
      if (method === "check.read" && (params as Params<"check.read">).offset > 4_000_000 && !died) {
        died = true;
        await agent.kill();
        await agent.startAgain();
      }
      return agent.client.call(method, params);
    },
  };
  let died = false;
  const context = checkContext({ agent: agentThatDies, fence: fence(1, slot), run: "long" });
  const seen = await untilEnded(context, () => ({
    argv: ["node", "-e", longSource(8_000_000)],
    env: {},
    tree: null,
    outputBytes: 16 * 1024 * 1024,
  }));
  expect(died).toBe(true);
  expect(seen).toMatchObject({ exitCode: 3, truncated: false });
  const lines = seen.stdout.trimEnd().split("\n");
  expect(Buffer.byteLength(seen.stdout)).toBeGreaterThan(8_000_000);
  expect(lines.every((text, n) => text === `${String(n).padStart(8, "0")}${" é".repeat(30)}`)).toBe(
    true,
  );
});

test("output that was changed or cut where it lies is lost, and never looks whole", async () => {
  await start("spoilt", longSource(4_000_000), { outputBytes: 8_000_000 });
  expect(await ended("spoilt")).toMatchObject({ kept: { more: true, limited: false } });
  const checks = join(layout(agent.dataDir).agent, "checks");
  const folder = createHash("sha256").update("spoilt").digest("hex").slice(0, 32);
  const file = join(checks, folder, "stdout");
  const whole = await readFile(file);
  const read = () =>
    untilEnded(checkContext({ agent: agent.client, run: "spoilt" }), () => {
      throw new Error("it is not to be started again");
    });
  await writeFile(file, Buffer.concat([Buffer.from("X"), whole.subarray(1)]));
  await expect(read()).rejects.toMatchObject({
    code: "failed",
    retryable: true,
    message: expect.stringContaining("another digest") as string,
  });
  await writeFile(file, whole.subarray(0, 3_000_000));
  await expect(read()).rejects.toMatchObject({ code: "failed", retryable: true });
  await writeFile(file, whole);
  expect((await read()).stdout).toBe(whole.toString("utf8"));
});

test("what a run writes beyond its limit is cut, and said so when it is read in pages", async () => {
  await start("flood", longSource(6_000_000), { outputBytes: 5_000_000 });
  await ended("flood");
  const seen = await untilEnded(checkContext({ agent: agent.client, run: "flood" }), () => {
    throw new Error("it is not to be started again");
  });
  expect(seen.truncated).toBe(true);
  expect(Buffer.byteLength(seen.stdout)).toBeGreaterThan(4_999_990);
  await expect(
    agent.client.call("check.read", { run: "never", stream: "stdout", offset: 0 }),
  ).rejects.toMatchObject({ code: "not-found" });
});
