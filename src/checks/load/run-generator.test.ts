import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { serve } from "../../../test/support/check-context.ts";
import { eventually } from "../../../test/support/child.ts";
import type { LoadOrder } from "./protocol.ts";
import { type GeneratorEnd, runGenerator } from "./run-generator.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tidelock-load-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function order(origin: string, change: Partial<LoadOrder> = {}): LoadOrder {
  const { hostname, port, host } = new URL(origin);
  return {
    targets: [
      { secure: false, host: hostname, address: hostname, port: Number(port), authority: host },
    ],
    routes: [
      {
        method: "GET",
        path: "/",
        headers: {},
        body: null,
        weight: 1,
        statuses: null,
        contains: null,
      },
    ],
    connections: 4,
    rate: 40,
    warmUpMs: 0,
    durationMs: 1_000,
    timeoutMs: 1_000,
    maxBodyBytes: 1_000,
    mostRequests: 100_000,
    ca: null,
    ...change,
  };
}

async function misbehave(source: string, signal?: AbortSignal): Promise<GeneratorEnd> {
  const program = join(folder, `${Math.random()}.mjs`);
  writeFileSync(program, source);
  const wanted = order("http://127.0.0.1:9", { durationMs: 1, timeoutMs: 1 });
  return runGenerator(wanted, signal ?? new AbortController().signal, pathToFileURL(program));
}

it("takes nothing for a measurement that is none, however the process ends", async () => {
  const ends = await Promise.all([
    misbehave("process.abort()"),
    misbehave("process.exit(0)"),
    misbehave("process.stdout.write(Buffer.from([0xff, 0, 1, 2]), () => process.exit(0))"),
    misbehave(`process.stdout.write('{"routes":[]}', () => process.exit(0))`),
    misbehave(
      `process.stdin.resume(); const part = "x".repeat(1 << 20); const go = () => process.stdout.write(part, go); go();`,
    ),
    misbehave("for (;;);", AbortSignal.timeout(700)),
    misbehave(`process.stderr.write("failed: no such thing\\n", () => process.exit(1))`),
  ]);
  expect(ends.map((end) => (end.kind === "done" ? "done" : end.why.slice(33)))).toEqual([
    expect.stringMatching(/^it (was ended by SIG|ended with code)/),
    "it answered what is no answer",
    "it answered what is no answer",
    "it answered what is no answer",
    "it answered more than 1048576 bytes",
    "it was stopped before it ended",
    "it ended with code 1: no such thing",
  ]);
});

it("gives the process no environment, no files and no other program", async () => {
  process.env["LOAD_TEST_SECRET"] = "hush";
  const probe = `
    import { readFileSync } from "node:fs";
    import { spawnSync } from "node:child_process";
    const tried = [];
    const attempt = (what) => { try { what(); tried.push("allowed"); } catch (error) { tried.push(error.code); } };
    attempt(() => readFileSync("/etc/hostname"));
    attempt(() => spawnSync("true"));
    tried.push("env:" + Object.keys(process.env).join());
    process.stderr.write("failed: " + tried.join(" ") + "\\n", () => process.exit(1));`;
  const end = await misbehave(probe);
  delete process.env["LOAD_TEST_SECRET"];
  expect(end).toMatchObject({
    kind: "failed",
    why: expect.stringContaining("ERR_ACCESS_DENIED ERR_ACCESS_DENIED env:"),
  });
  expect(JSON.stringify(end)).not.toContain("LOAD_TEST_SECRET");
});

it("measures the highest throughput without a rate, and says how busy it was itself", async () => {
  await using server = await serve((_request, response) => {
    setTimeout(() => response.end("x"), 20);
  });
  const wanted = order(server.origin, { rate: null });
  const end = await runGenerator(wanted, new AbortController().signal);
  if (end.kind === "failed") throw new Error(end.why);
  const { routes, seconds, mostUnderWay, generator } = end.reply;
  expect(mostUnderWay).toBe(4);
  // Four connections and 20 ms an answer: 200 a second at most.
  expect(routes[0]?.answered).toBeGreaterThan(30);
  expect((routes[0]?.answered ?? 0) / seconds).toBeLessThan(220);
  expect(generator.utilisation).toBeGreaterThan(0);
  expect(generator.starved).toBe(0);
});

it("ends with the process that started it, although that was killed", async () => {
  let asked = 0;
  await using server = await serve((_request, response) => {
    asked += 1;
    response.end("x");
  });
  const starter = join(folder, "starter.mts");
  const module = new URL("./run-generator.ts", import.meta.url).href;
  const wanted = JSON.stringify(order(server.origin, { durationMs: 60_000 }));
  writeFileSync(
    starter,
    `import { runGenerator } from "${module}"; await runGenerator(${wanted}, new AbortController().signal);`,
  );
  const parent = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", starter]);
  await eventually("load is made", () => asked > 5);
  const [child] = childrenOf(parent.pid ?? 0);
  expect(child).toBeGreaterThan(0);
  parent.kill("SIGKILL");
  await once(parent, "exit");
  await eventually("the load ends", () => !alive(child ?? 0));
});

function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => fieldsOf(name)[1] === String(pid))
    .map(Number);
}

function alive(pid: number): boolean {
  const [state] = fieldsOf(String(pid));
  return state !== undefined && state !== "Z";
}

/** State, parent and so on: what follows the name in brackets. */
function fieldsOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  } catch {
    return [];
  }
}
