import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { processesOf } from "../scripts/demo/processes.ts";
import { root } from "../scripts/test/run-step.ts";

let home = "";
const running = new Set<ChildProcess>();

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "tidelock-demo-"));
  chmodSync(home, 0o711);
});

afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  // Whatever failed above: this test leaves nothing behind.
  for (const { pid } of processesOf(home)) process.kill(pid, "SIGKILL");
  await pause(500);
  rmSync(home, { recursive: true, force: true });
});

interface Demo {
  readonly child: ChildProcess;
  /** Everything it has said so far. */
  output(): string;
  readonly ended: Promise<number | string>;
}

function npmStart(...args: string[]): Demo {
  const child = spawn(process.execPath, [join(root, "scripts", "demo.ts"), ...args], {
    env: { ...process.env, TIDELOCK_DEMO_DIR: home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  }
  const ended = new Promise<number | string>((resolve) => {
    child.once("close", (code, signal) => resolve(signal ?? code ?? -1));
  });
  return { child, output: () => output, ended };
}

const says = (demo: Demo, text: RegExp, timeout = 60_000): Promise<void> =>
  expect.poll(demo.output, { timeout, interval: 50 }).toMatch(text);

/** What a demo started: its own process names the folder too, as does whoever runs this test. */
const left = (): readonly string[] => processesOf(join(home, "data")).map(({ command }) => command);

describe("npm start", () => {
  it("says in a sentence that it does not know an option, and starts nothing", async () => {
    const wrong = npmStart("--wrong");
    expect(await wrong.ended).toBe(2);
    expect(wrong.output()).toMatch(/Unknown option '--wrong'/);
    expect(wrong.output()).not.toMatch(/\n {4}at /);
    expect(left()).toEqual([]);
  });

  it("is told where the first one is when it is started a second time", async () => {
    const first = npmStart();
    await says(first, /to development: .*complete.*: done/);
    const second = npmStart();
    expect(await second.ended).toBe(0);
    expect(second.output()).toMatch(/already running \(process \d+\).*http:\/\/localhost:\d+/);

    first.child.kill("SIGKILL");
    await first.ended;
    expect(left().length).toBeGreaterThan(2);
  }, 120_000);

  it("-- --once begins anew after a kill -9, loses no request, and leaves nothing running", async () => {
    const demo = npmStart("--once");
    const code = await demo.ended;
    expect(code, demo.output()).toBe(0);
    const rows = demo.output().match(/^(development|testing|staging|production) .*$/gm) ?? [];
    expect(rows).toHaveLength(8);
    const [sent = 0, failed = -1] = (rows.at(-1)?.match(/(\d+)\/(\d+)$/) ?? [])
      .slice(1)
      .map(Number);
    expect(failed).toBe(0);
    expect(sent).toBeGreaterThan(500);
    expect(left()).toEqual([]);
  }, 300_000);

  it("stops everything it started when it is interrupted in the middle", async () => {
    const demo = npmStart();
    await says(demo, /to development: .*deploy.*: done/);
    demo.child.kill("SIGINT");
    expect(await demo.ended, demo.output()).toBe(130);
    expect(left()).toEqual([]);
  }, 120_000);
});
