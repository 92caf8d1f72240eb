import { spawn } from "node:child_process";
import { describe, expect, it } from "vitest";
import { checkContext } from "../../../test/support/check-context.ts";
import { TidelockError } from "../../model/errors.ts";
import type { CheckReport } from "../../model/verdict.ts";
import type { CheckProcess, HostAgent, MethodName, Params } from "../../ports/host-agent.ts";
import { runCheck } from "../run.ts";
import { command } from "./index.ts";
import { CommandConfiguration } from "./schema.ts";

/** The agent's three calls for checks, with real processes and without its users and its disk. */
class SmallAgent implements HostAgent {
  readonly started: Params<"check.start">[] = [];
  readonly stopped: string[] = [];
  /** Answers `unavailable` this often before it observes. */
  away = 0;
  /** Goes away this often when it has started a run, before it can say so. */
  lostAnswers = 0;
  readonly #runs = new Map<string, CheckProcess>();
  readonly #kill = new Map<string, () => void>();

  call: HostAgent["call"] = async (method, params) => {
    const answer: unknown = this.#answer(method, params as never);
    return answer as never;
  };

  #answer(method: MethodName, params: Params<"check.start">): unknown {
    if (method === "check.start") {
      if (!this.#runs.has(params.run)) this.#start(params);
      if (this.lostAnswers-- > 0) {
        throw new TidelockError("unavailable", "away", { retryable: true });
      }
      return {};
    }
    if (method === "check.observe") {
      if (this.away-- > 0) throw new TidelockError("unavailable", "away", { retryable: true });
      return this.#runs.get(params.run) ?? ended({ state: "absent" });
    }
    if (method === "check.stop") {
      this.stopped.push(params.run);
      this.#kill.get(params.run)?.();
      return {};
    }
    throw new Error(`unexpected ${method}`);
  }

  forget(): void {
    this.#runs.clear();
  }

  #start(params: Params<"check.start">): void {
    this.started.push(params);
    const [program = "", ...args] = params.argv;
    const child = spawn(program, args, { env: params.env, timeout: params.timeoutMs });
    const seen = { stdout: "", stderr: "" };
    const began = performance.now();
    child.stdout.on("data", (chunk) => (seen.stdout += String(chunk)));
    child.stderr.on("data", (chunk) => (seen.stderr += String(chunk)));
    const set = (change: Partial<CheckProcess>) => {
      const durationMs = performance.now() - began;
      this.#runs.set(params.run, ended({ ...seen, durationMs, ...change }));
    };
    set({ state: "running" });
    this.#kill.set(params.run, () => child.kill("SIGKILL"));
    child.on("error", (error) => set({ stderr: error.message }));
    child.on("close", (exitCode, signal) => {
      set({ exitCode: exitCode !== null && exitCode < 0 ? null : exitCode, signal });
    });
  }
}

function ended(change: Partial<CheckProcess>): CheckProcess {
  return {
    state: "finished",
    exitCode: null,
    signal: null,
    timedOut: false,
    stdout: "",
    stderr: "",
    truncated: false,
    durationMs: 0,
    ...change,
  };
}

async function check(
  script: string,
  configuration: Record<string, unknown> = {},
  agent = new SmallAgent(),
  timeout = 10_000,
): Promise<CheckReport> {
  const demand = {
    name: "tests",
    with: { command: [process.execPath, "-e", script], ...configuration },
    timeout,
  };
  const context = checkContext({
    agent,
    instances: ["http://127.0.0.1:4001", "http://127.0.0.1:4002"],
    route: "http://127.0.0.1:8080",
    tester: { header: "x-tidelock-tester", value: "signed-credential" },
  });
  return runCheck(command, context, demand);
}

describe("the command check", () => {
  it("passes on exit code 0 and keeps the output", async () => {
    const report = await check("console.log('hello'); console.error('note')");
    expect(report.verdict).toBe("pass");
    expect(report.raw).toEqual({
      format: "text",
      text: "hello\n--- stderr ---\nnote\n",
      truncated: false,
    });
    expect(report.exercised.assertions).toBe(1);
  });

  it("asks whether it was started when the agent went away before it could say so", async () => {
    const agent = new SmallAgent();
    agent.lostAnswers = 1;
    expect((await check("", {}, agent)).verdict).toBe("pass");
    expect(agent.started).toHaveLength(1);
  });

  it("fails on any other, and shows the last line", async () => {
    const report = await check("console.error('3 tests broke'); process.exitCode = 3");
    expect(report.verdict).toBe("fail");
    expect(report.summary).toMatch(/ended with exit code 3 after .* it said: 3 tests broke/);
  });

  it.each([
    [0, "pass"],
    [1, "fail"],
    [2, "warn"],
    [5, "inconclusive"],
    [9, "error"],
  ])("maps exit code %i to %s as declared", async (code, verdict) => {
    const exitCodes = { "0": "pass", "1": "fail", "2": "warn", "5": "inconclusive" };
    const report = await check(`process.exit(${code})`, { exitCodes, otherwise: "error" });
    expect(report.verdict).toBe(verdict);
  });

  it("has 0 stand for nothing when only other codes are declared", async () => {
    expect((await check("", { exitCodes: { "7": "pass" } })).verdict).toBe("fail");
  });

  it("is error when a signal ended it", async () => {
    const report = await check("process.kill(process.pid, 'SIGKILL')");
    expect(report.verdict).toBe("error");
    expect(report.summary).toContain("was ended by SIGKILL");
  });

  it("is error when the program is not there", async () => {
    const report = await check("", { command: ["/no/such/program"] });
    expect(report.verdict).toBe("error");
    expect(report.summary).toContain("could not be started");
  });

  it("is stopped and is error when it takes too long", async () => {
    const agent = new SmallAgent();
    const report = await check("setInterval(() => {}, 1000)", {}, agent, 200);
    expect(report.verdict).toBe("error");
    expect(agent.stopped).toEqual(["promotion-1/5/smoke"]);
  });

  it("is error when the agent itself ended it for its time limit", async () => {
    const agent: HostAgent = {
      call: async (method) =>
        (method === "check.observe" ? ended({ timedOut: true, signal: "SIGKILL" }) : {}) as never,
    };
    const report = await runCheck(command, checkContext({ agent }), {
      name: "tests",
      with: { command: ["x"] },
      timeout: 1_000,
    });
    expect(report).toMatchObject({ verdict: "error", exercised: { assertions: 0 } });
    expect(report.summary).toContain("time limit");
  });

  it("tells the program whom to test, and nothing of our own environment", async () => {
    process.env["TIDELOCK_TOKEN"] = "our-own-token";
    const agent = new SmallAgent();
    const report = await check(
      "console.log(JSON.stringify(process.env))",
      { env: { MODE: "quick" } },
      agent,
    );
    delete process.env["TIDELOCK_TOKEN"];
    expect(JSON.parse(report.raw?.text ?? "")).toEqual({
      MODE: "quick",
      TIDELOCK_URL_UNDER_TEST: "http://127.0.0.1:4001",
      TIDELOCK_URLS_UNDER_TEST: "http://127.0.0.1:4001 http://127.0.0.1:4002",
      TIDELOCK_ROUTE_URL: "http://127.0.0.1:8080",
      TIDELOCK_TESTER_HEADER: "x-tidelock-tester",
      TIDELOCK_TESTER_VALUE: "[redacted]",
      TIDELOCK_RELEASE: "shop@1.4.2",
      TIDELOCK_RELEASE_ID: `sha256:${"a".repeat(64)}`,
      TIDELOCK_SERVICE: "shop",
      TIDELOCK_ENVIRONMENT: "production",
      TIDELOCK_COLOUR: "green",
      TIDELOCK_CHECK_RUN: "promotion-1/5/smoke",
    });
    expect(agent.started[0]?.tree).toBe(`sha256:${"b".repeat(64)}`);
  });

  it("runs in an empty folder when told so", async () => {
    const agent = new SmallAgent();
    await check("", { in: "empty" }, agent);
    expect(agent.started[0]?.tree).toBeNull();
  });

  it("asks an agent again that is away for a moment", async () => {
    const agent = new SmallAgent();
    agent.away = 3;
    expect((await check("", {}, agent)).verdict).toBe("pass");
  });

  it("finds its outcome again after a crash, without a second start", async () => {
    const agent = new SmallAgent();
    await check("", {}, agent);
    expect((await check("", {}, agent)).verdict).toBe("pass");
    expect(agent.started).toHaveLength(1);
  });

  it("finds a run again whose credential has changed since", async () => {
    const agent = new SmallAgent();
    const demand = {
      name: "tests",
      with: { command: [process.execPath, "-e", ""] },
      timeout: 9_000,
    };
    for (const value of ["first-credential", "second-credential"]) {
      const context = checkContext({ agent, tester: { header: "x", value } });
      expect((await runCheck(command, context, demand)).verdict).toBe("pass");
    }
    expect(agent.started).toHaveLength(1);
  });

  it("is error when the agent lost the run", async () => {
    const lost: HostAgent = {
      call: async (method) =>
        (method === "check.observe" ? ended({ state: "unknown" }) : {}) as never,
    };
    const report = await runCheck(command, checkContext({ agent: lost }), {
      name: "tests",
      with: { command: ["x"] },
      timeout: 1_000,
    });
    expect(report.verdict).toBe("error");
    expect(report.summary).toContain("its outcome is lost");
  });
});

describe("a command that has to show that it tested something", () => {
  const text = { from: "text", pattern: "(\\d+) passed", atLeast: 2 };
  const json = { from: "json", path: "stats.passes" };

  it.each([
    ["console.log('12 passed, 0 failed')", text, "pass", 12],
    ["console.error('2 passed')", text, "pass", 2],
    ["console.log('1 passed')", text, "inconclusive", 1],
    ["console.log('no tests found')", text, "inconclusive", 0],
    ["console.log(JSON.stringify({stats: {passes: 4}}))", json, "pass", 4],
    ["console.log(JSON.stringify({stats: {passes: 0}}))", json, "inconclusive", 0],
    ["console.log(JSON.stringify({stats: {passes: -3}}))", json, "inconclusive", 0],
    ["console.log('{')", json, "inconclusive", 0],
    ["console.log('')", json, "inconclusive", 0],
  ])("%s with %j is %s", async (script, minimum, verdict, assertions) => {
    const report = await check(script, { minimum });
    expect(report.verdict).toBe(verdict);
    expect(report.exercised.assertions).toBe(assertions);
  });

  it("stays failed when it failed", async () => {
    expect((await check("process.exit(1)", { minimum: text })).verdict).toBe("fail");
  });
});

describe("the command check's configuration", () => {
  it.each([
    ["a shell line", { command: "npm test" }],
    ["nothing to run", { command: [] }],
    ["an exit code that is none", { command: ["x"], exitCodes: { "256": "pass" } }],
    ["a variable of ours", { command: ["x"], env: { TIDELOCK_TOKEN: "x" } }],
    ["a pattern without a group", { command: ["x"], minimum: { from: "text", pattern: "passed" } }],
    ["a pattern that is none", { command: ["x"], minimum: { from: "text", pattern: "(" } }],
  ])("refuses %s", (_name, configuration) => {
    expect(CommandConfiguration.safeParse(configuration).success).toBe(false);
  });
});
