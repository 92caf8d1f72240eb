import { expect, it } from "vitest";
import { checkContext, serve } from "../../../test/support/check-context.ts";
import type { CheckContext } from "../../ports/check.ts";
import type { Fault, FaultObservation } from "../../ports/host-agent-faults.ts";
import type { HostAgent, Params, Result } from "../../ports/host-agent.ts";
import { runCheck } from "../run.ts";
import { design } from "./design.ts";
import { chaos } from "./index.ts";
import { ChaosConfiguration } from "./schema.ts";

type Offers = Result<"fault.offers">;

const offers: Offers = {
  generation: "g1",
  refused: null,
  instances: [
    { name: "web-0", process: "web", running: true },
    { name: "web-1", process: "web", running: true },
    { name: "worker-0", process: "worker", running: true },
  ],
  dependencies: [{ name: "bakery", upstream: "127.0.0.1:1" }],
  disk: { bytes: 1_000_000, impossible: null },
};

const counts = {
  connections: 3,
  delayed: 3,
  leastMs: 190,
  meanMs: 200,
  mostMs: 210,
  abandoned: 0,
  resets: 2,
  statuses: 0,
};

/** A service, and an agent that says of its faults what it is told to say; the real one is in test/crash. */
class World {
  /** How the service answers while a fault stands, and after one stood. */
  during: number | "hang" = 200;
  after = 200;
  before = 200;
  offers: Offers = offers;
  change: Partial<FaultObservation> = {};
  /** What the agent says just before it undoes one. */
  late: Partial<FaultObservation> = {};
  state: Result<"slot.observe">["state"] = "ready";
  readonly calls: string[] = [];
  fault: FaultObservation | null = null;
  #any = false;

  readonly agent: HostAgent = {
    call: (async (method: string, params: Params<"fault.begin">) => {
      if (method !== "slot.observe" && method !== "fault.read") this.calls.push(method);
      if (method === "fault.offers") return this.offers;
      if (method === "slot.observe")
        return { state: this.state, message: "as told", instances: [] };
      if (method === "fault.read") {
        return { fault: this.fault && { ...this.fault, ...(this.fault.active ? this.late : {}) } };
      }
      if (method === "fault.begin") {
        this.#any = true;
        this.fault = {
          operation: params.operation,
          generation: params.generation,
          fault: params.fault,
          active: params.fault.kind !== "kill",
          injected: true,
          evidence: "seen",
          ended: params.fault.kind === "kill" ? { at: "", how: "done", clean: true } : null,
          relay: "dependency" in params.fault ? counts : null,
          ...this.change,
        };
        return this.fault;
      }
      if (method === "fault.end" && this.fault?.active) {
        this.fault = { ...this.fault, active: false, ended: { at: "", how: "asked", clean: true } };
      }
      return this.fault;
    }) as HostAgent["call"],
  };

  async run(
    experiments: readonly Record<string, unknown>[],
    change: { hypothesis?: Record<string, unknown>; context?: Partial<CheckContext> } = {},
  ) {
    await using server = await serve((_request, response) => {
      const status = this.fault?.active ? this.during : this.#any ? this.after : this.before;
      if (status === "hang") return;
      response.writeHead(status).end("{}");
    });
    const context = checkContext({
      agent: this.agent,
      instances: [server.origin],
      ...change.context,
    });
    const hypothesis = {
      requests: [{ path: "/" }],
      perSecond: 12,
      measureMs: 500,
      timeoutMs: 4_000,
      ...change.hypothesis,
    };
    const demand = { name: "chaos", with: { hypothesis, experiments }, timeout: 20_000 };
    return await runCheck(chaos, context, demand);
  }
}

const slow = { kind: "latency", dependency: "bakery", addMs: 200 };
const brief = (fault: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
  fault,
  durationMs: 500,
  recoverMs: 500,
  ...more,
});

it.concurrent("passes when the steady state holds before, during and after each fault, and keeps a time line", async () => {
  const world = new World();
  const report = await world.run([brief({ kind: "pause" }), brief(slow)]);
  expect(report.verdict, report.summary).toBe("pass");
  expect(report.exercised).toMatchObject({ experiments: 2 });
  expect(report.exercised.requests).toBeGreaterThan(20);
  expect(report.exercised.assertions).toBe(report.exercised.requests);
  expect(world.calls.filter((call) => call === "fault.end")).toHaveLength(2);
  const raw = JSON.parse(report.raw?.text ?? "") as Record<string, never[]>;
  expect(raw["timeLine"]?.length).toBeGreaterThan(1);
  expect(raw["experiments"]).toHaveLength(2);
});

it.concurrent("proves nothing when the steady state does not hold before anything is injected", async () => {
  const world = new World();
  world.before = 500;
  const report = await world.run([brief({ kind: "pause" }), brief(slow)]);
  expect(report.verdict).toBe("inconclusive");
  expect(report.summary).toContain("got 500, expected 200");
  expect(world.calls).not.toContain("fault.begin");
});

it.concurrent("fails with the figures when more goes wrong than may, and begins nothing further", async () => {
  const world = new World();
  world.during = 503;
  const report = await world.run([
    brief(slow, { during: { errorShare: 0.5 } }),
    brief({ kind: "pause" }),
  ]);
  expect(report.verdict).toBe("fail");
  expect(report.summary).toMatch(/\d+ of \d+ requests \([\d.]+ %\).*50 % may.*got 503/);
  expect(report.results.map(({ verdict }) => verdict)).toEqual(["fail", "missing"]);
  expect(report.exercised.experiments).toBe(1);
});

it.concurrent("takes a degraded answer where it is allowed", async () => {
  const world = new World();
  world.during = 503;
  const during = { errorShare: 0, degraded: { status: [200, 503] } };
  const report = await world.run([brief(slow, { during })]);
  expect(report.verdict, report.summary).toBe("pass");
  expect(report.results[0]?.message).toMatch(/\d+ degraded as they may be/);
});

it.concurrent("fails when a service hangs, and when it does not come back in time", async () => {
  const world = new World();
  world.during = "hang";
  expect((await world.run([brief(slow)], { hypothesis: { timeoutMs: 300 } })).summary).toContain(
    "no whole answer within",
  );
  const dead = new World();
  dead.after = 500;
  const report = await dead.run([brief({ kind: "kill" }, { during: { errorShare: 1 } })]);
  expect(report.verdict).toBe("fail");
  expect(report.summary).toMatch(/500 ms after it things were not as before: still/);
  const half = new World();
  half.state = "degraded";
  const down = await half.run([brief({ kind: "kill" })]);
  expect(down.summary).toContain("the instances are degraded");
});

it.concurrent.each<[string, Partial<World>, RegExp]>([
  ["was not seen", { change: { injected: false, evidence: "it runs" } }, /not injected: it runs/],
  ["did not last", { late: { injected: false, evidence: "it runs" } }, /did not last: it runs/],
  [
    "was undone early",
    { late: { active: false, ended: { at: "", how: "deadline", clean: true } } },
    /undone before its time \(deadline\)/,
  ],
  [
    "hit nothing",
    { change: { relay: { ...counts, delayed: 0, connections: 0 } } },
    /do not lead there/,
  ],
  ["was too weak", { change: { relay: { ...counts, meanMs: 20 } } }, /by 20 ms on average only/],
])("is error, however well the service did, when a fault %s", async (_name, change, message) => {
  const world = Object.assign(new World(), change);
  const report = await world.run([brief(slow)]);
  expect(report.verdict).toBe("error");
  expect(report.summary).toMatch(message);
});

it.concurrent("begins nothing where one of its faults cannot be: missing for the machine's lack, error for what is not declared", async () => {
  const world = new World();
  world.offers = {
    ...offers,
    disk: { bytes: 1, impossible: "the host agent does not run as root" },
  };
  const report = await world.run([brief({ kind: "pause" }), brief({ kind: "disk-full" })]);
  expect(report).toMatchObject({ verdict: "missing", exercised: { requests: 0 } });
  expect(report.summary).toContain("does not run as root");
  expect(world.calls).not.toContain("fault.begin");
  const other = await new World().run([brief({ ...slow, dependency: "butcher" })]);
  expect(other.verdict).toBe("error");
  expect(other.summary).toContain("{fault.butcher=<host>:<port>}");
});

it.concurrent("does not begin on a colour that the agent does not want to be injured", async () => {
  const world = new World();
  world.offers = { ...offers, refused: "100 % of the traffic goes there" };
  const report = await world.run([brief({ kind: "kill" })]);
  expect(report).toMatchObject({ verdict: "error" });
  expect(report.summary).toContain("100 % of the traffic");
});

it.concurrent("undoes the fault when nobody waits for it any more", async () => {
  const world = new World();
  const stop = new AbortController();
  const running = world.run([brief({ kind: "pause" }, { durationMs: 10_000 })], {
    context: { signal: stop.signal },
  });
  while (!world.calls.includes("fault.begin")) await new Promise((next) => setTimeout(next, 20));
  stop.abort();
  expect((await running).verdict).toBe("error");
  expect(world.calls.at(-1)).toBe("fault.end");
  expect(world.fault?.active).toBe(false);
});

it.concurrent("ends what a run left that was cut off by a crash, before anything else", async () => {
  const world = new World();
  await world.agent.call("fault.begin", {
    operation: "left",
    generation: "g1",
    fault: { kind: "pause", instances: ["web-0"] },
  } as Params<"fault.begin">);
  const report = await world.run([brief({ kind: "pause" })]);
  expect(report.verdict, report.summary).toBe("pass");
  expect(world.calls.slice(0, 3)).toEqual(["fault.begin", "fault.end", "fault.offers"]);
});

it.concurrent("says so at once when its time limit is too short", async () => {
  const report = await new World().run([brief({ kind: "pause" }, { durationMs: 30_000 })]);
  expect(report.verdict).toBe("error");
  expect(report.summary).toMatch(/at least 31 s, and its time limit is 20 s/);
});

it.concurrent("draws the same victims and order for the same seed, and others for another", () => {
  const kinds = (seed: number): readonly (readonly [string, Fault])[] => {
    const configuration = ChaosConfiguration.parse({
      seed,
      order: "shuffled",
      hypothesis: { requests: [{ path: "/" }] },
      experiments: Array.from({ length: 8 }, () => ({ fault: { kind: "kill" } })),
    });
    const { designed } = design(configuration, offers, "web");
    return designed.map(({ name, fault }) => [name, fault] as const);
  };
  expect(kinds(1)).toEqual(kinds(1));
  expect(kinds(1)).not.toEqual(kinds(2));
  const victims = kinds(1).flatMap(([, fault]) => ("instances" in fault ? fault.instances : []));
  expect(new Set(victims)).toEqual(new Set(["web-0", "web-1"]));
});

it.concurrent.each([
  { fault: { kind: "kill" }, recoverMs: -1 },
  { fault: { kind: "melt" } },
  { fault: { kind: "latency", dependency: "disk", addMs: 5 } },
  { fault: { kind: "error", dependency: "bakery", share: 0 } },
])("refuses an experiment that makes no sense: %j", (experiment) => {
  const whole = { hypothesis: { requests: [{ path: "/" }] }, experiments: [experiment] };
  expect(ChaosConfiguration.safeParse(whole).success).toBe(false);
});
