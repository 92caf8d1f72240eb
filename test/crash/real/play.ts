import type { LaneView } from "../../../src/api/views.ts";
import { hasEnded } from "../../../src/model/promotion.ts";
import { eventually } from "../../support/child.ts";
import { until } from "../../support/agent-harness.ts";
import { nobodyLive, SteadyClient } from "../../support/steady-client.ts";
import type { ServerProcess } from "../../support/server-process.ts";
import { differences, fingerprint, whatIsWrong } from "./judge.ts";
import { environment, type Rig } from "./rig.ts";
import type { Scenario } from "./scenarios.ts";

export type Victim = "server" | "agent" | "router";

export interface Case {
  readonly scenario: Scenario;
  readonly victim: Victim;
  /** SIGKILL; for a server also SIGSTOP, and SIGCONT when another one has ended the promotion. */
  readonly fate: "killed" | "stopped";
  /** As the engine names it; `<effect>:inside` is the effect under way. */
  readonly point: string;
}

export interface Row {
  readonly scenario: string;
  readonly victim: string;
  readonly point: string;
  readonly ended: string;
  readonly requests: number;
  readonly failed: number;
  /** From the kill of the router to the last failure after it. */
  readonly backMs: number | null;
  readonly ms: number;
  readonly wrong: readonly string[];
  /** What was only too slow, which leaves nothing behind. */
  readonly late: readonly string[];
}

/** How long users may miss a router that was killed. */
const backWithinMs = Number(process.env["TIDELOCK_CRASH_BACK_MS"] ?? 5_000);
/** Long enough for a small effect to have begun where nothing on disk tells of it. */
const insideMs = 150;

export async function play(rig: Rig, one: Case): Promise<Row> {
  const { scenario, victim, fate, point } = one;
  const request = await scenario.prepare(rig);
  if (scenario.asks !== scenario.service) await ensureServed(rig, scenario.asks);
  const client = new SteadyClient(rig.port(scenario.asks));
  const began = performance.now();
  let killedAt: number | null = null;
  let stale: ServerProcess | null = null;
  let ended = "?";
  const wrong: string[] = [];
  try {
    killedAt = await meetFate(rig, one, request);
    if (victim === "server") {
      const before = await rig.takeOver();
      if (fate === "stopped") stale = before;
    }
    const view = scenario.afterwards
      ? await scenario.afterwards(rig, request.live)
      : await rig.ended(await rig.newest({ service: scenario.service, environment }));
    ended = view.state;
    if (ended !== scenario.state) wrong.push(`it ended ${ended}: ${view.message}`);
    const result = { promotion: view.id, live: request.live };
    wrong.push(...(await settled(rig, scenario, result)));
    if (stale) {
      wrong.push(...(await goesOn(rig, stale, one)));
      wrong.push(...(await settled(rig, scenario, result)));
    }
  } catch (error) {
    wrong.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    await stale?.kill();
    await client.stop();
  }
  const failures = client.failures.filter(({ why }) => !(scenario.gap && why === nobodyLive));
  const last = killedAt === null ? null : Math.max(0, ...failures.map(({ at }) => at)) - killedAt;
  const backMs = victim === "router" ? Math.max(0, Math.round(last ?? 0)) : null;
  wrong.push(...wrongForUsers(one, client, failures, killedAt));
  return {
    scenario: scenario.name,
    victim: `${victim} ${fate}`,
    point,
    ended,
    requests: client.requests,
    failed: failures.length,
    backMs,
    ms: Math.round(performance.now() - began),
    wrong,
    late:
      backMs !== null && backMs > backWithinMs ? [`users missed the router for ${backMs} ms`] : [],
  };
}

/** The server does what it was asked for and comes to the point; there the victim meets its fate. */
async function meetFate(
  rig: Rig,
  { victim, fate, point }: Case,
  request: { readonly method: string; readonly params: readonly unknown[] },
): Promise<number> {
  const { server } = rig;
  const inside = point.endsWith(":inside");
  const place = inside ? point.replace(/:inside$/, ":before-effect") : point;
  const itself = victim === "server" && !inside;
  server.arm(place, itself ? (fate === "killed" ? "kill" : "stop") : "pause");
  // A server that dies or stands still answers nobody.
  server.call(request.method, ...request.params).catch(() => undefined);
  await server.untilReached(place);
  if (itself) {
    if (fate === "killed") await server.ended();
    return performance.now();
  }
  const pid = await pidOf(rig, victim);
  if (inside) {
    const file = victim === "router" && place.startsWith("switch") ? "router-" : "state";
    const begun = rig.written(`${file}${file === "state" ? "" : environment}.json`, insideMs);
    server.go();
    await begun;
    process.kill(pid, "SIGKILL");
    const at = performance.now();
    if (victim === "server") await server.ended();
    return at;
  }
  process.kill(pid, "SIGKILL");
  const at = performance.now();
  server.go();
  return at;
}

async function pidOf(rig: Rig, victim: Victim): Promise<number> {
  if (victim === "server") return rig.server.pid;
  const pid = victim === "agent" ? await rig.agentPid() : await rig.routerPid();
  if (pid === 0) throw new Error(`there is no ${victim} to kill`);
  return pid;
}

async function ensureServed(rig: Rig, service: Scenario["asks"]): Promise<void> {
  const [lane] = await rig.server.call<{ live: unknown }[]>("status", { service });
  if (lane?.live) return;
  const view = await rig.promote(service, "1.0.0");
  if (!hasEnded(view.state)) throw new Error(view.message);
}

/** What is still wrong when there was time to put it right. */
async function settled(
  rig: Rig,
  scenario: Scenario,
  result: { promotion: string; live: string },
): Promise<readonly string[]> {
  let wrong: readonly string[] = [];
  const isRight = async () => {
    // Looking at every process of the machine is not cheap.
    if (wrong.length > 0) await new Promise((resolve) => setTimeout(resolve, 150));
    wrong = await whatIsWrong(rig, scenario, result);
    return wrong.length === 0;
  };
  await eventually("all is right", isRight, 8_000).catch((error: unknown) => {
    if (wrong.length === 0) wrong = [String(error)];
  });
  return wrong;
}

/** The server that stood still goes on in the middle of its effect, and nothing of it may land. */
async function goesOn(rig: Rig, stale: ServerProcess, { point }: Case): Promise<readonly string[]> {
  await untilQuiet(rig);
  const before = await fingerprint(rig);
  const effect = point.replace(/:before-effect$/, "");
  stale.signal("SIGCONT");
  const refused = () =>
    stale.gone ||
    stale.passed.includes(`${effect}:stale-epoch`) ||
    stale.notices.some((notice) => /was not kept|another worker has taken/.test(notice));
  const wrong: string[] = [];
  if (effect !== point) {
    await until("the stale server is refused", refused, 8_000).catch(() => {
      wrong.push(
        `the stale server was not refused; it passed ${stale.passed.slice(-3).join(", ")}, ` +
          `and said ${stale.notices.slice(-3).join(", ")}`,
      );
    });
  }
  // Whatever else it may have in its hands.
  await new Promise((resolve) => setTimeout(resolve, 200));
  if (stale.gone) wrong.push("the stale server ended instead of going on");
  const landed = differences(before, await fingerprint(rig));
  return [...wrong, ...landed.map((what) => `something of the stale server landed: ${what}`)];
}

/** What the present server is about to do by itself, it has done: an old colour that is due is retired. */
async function untilQuiet(rig: Rig): Promise<void> {
  await until("no old colour is due", async () => {
    const lanes = await rig.server.call<LaneView[]>("status", {});
    return lanes.every(
      ({ rollbackUntil: due }) => due === null || Date.parse(due) - Date.now() > 60_000,
    );
  });
}

function wrongForUsers(
  { victim }: Case,
  client: SteadyClient,
  failures: SteadyClient["failures"],
  killedAt: number | null,
): readonly string[] {
  const wrong: string[] = [];
  if (client.requests < 20) wrong.push(`only ${client.requests} requests were sent`);
  const before = failures.filter(({ at }) => victim !== "router" || at < (killedAt ?? 0));
  if (before.length > 0) {
    wrong.push(`${before.length} requests failed: ${[...new Set(before.map(({ why }) => why))]}`);
  }
  return wrong;
}
