import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { until } from "../../support/agent-harness.ts";
import { type Case, play, type Row, type Victim } from "./play.ts";
import { environment, Rig } from "./rig.ts";
import { blueGreen, type Scenario, scenarios } from "./scenarios.ts";

/**
 * Law 8 with nothing faked: server, agent and router are killed before, inside and after every step of a
 * promotion, and a server is stopped between its last check and each effect while another one takes over.
 * Users ask all the time. `npm run crash` plays every case and prints a table; `npm test` a spread of them.
 */
const all = process.env["TIDELOCK_CRASH"] === "all";
const only = process.env["TIDELOCK_CRASH_ONLY"];
const rows: Row[] = [];

const isEffect = (point: string): boolean => point.endsWith(":before-effect");

/** The points that a scenario comes by on a good day, in order. */
async function pointsOf(rig: Rig, scenario: Scenario): Promise<readonly string[]> {
  const request = await scenario.prepare(rig);
  rig.server.passed.length = 0;
  await rig.server.call(request.method, ...request.params);
  if (request.method === "promote" || request.method === "rollback") {
    await rig.ended(await rig.newest({ service: scenario.service, environment }));
  }
  if (request.method === "removeService") await rig.register();
  if (scenario.name === "retire") {
    await until("it is retired", () => rig.server.passed.includes("retire:after-effect"));
  }
  return [...rig.server.passed];
}

async function discover(
  rigs: readonly Rig[],
  which: readonly Scenario[],
): Promise<ReadonlyMap<Scenario, readonly string[]>> {
  const points = new Map<Scenario, readonly string[]>();
  // Played once a rig, and there is no other way to its first effect.
  const queue = which.filter(({ name }) => name !== "first release");
  const workers = rigs.map(async (rig) => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      points.set(one, await pointsOf(rig, one));
    }
  });
  await Promise.all(workers);
  return points;
}

/** Each effect once more, under way. */
function withInside(points: readonly string[]): readonly string[] {
  return points.flatMap((point) =>
    isEffect(point) ? [point, point.replace(/:before-effect$/, ":inside")] : [point],
  );
}

function killed(victim: Victim, points: readonly string[]): readonly Case[] {
  return points.map((point) => ({ scenario: blueGreen, victim, fate: "killed", point }));
}

/** Of a scenario that can be played once a rig, only the effect that no other one has. */
function stopped(scenario: Scenario): readonly Case[] {
  const effects = scenario.name === "first release" ? ["open-route"] : scenario.effects;
  return effects.map((effect) => {
    return { scenario, victim: "server", fate: "stopped", point: `${effect}:before-effect` };
  });
}

const effectsOf = (points: readonly string[]): readonly string[] =>
  [...new Set(points.filter(isEffect).map((point) => point.replace(/:.*/, "")))].toSorted();

/** Every so many of them, beginning where the seed says: the same ones at every run. */
function spread<T>(cases: readonly T[], every: number, first: number): readonly T[] {
  return all ? cases : cases.filter((_, index) => index % every === first % every);
}

async function playAll(rigs: readonly Rig[], cases: readonly Case[]): Promise<void> {
  const queue = cases.filter(
    ({ scenario, victim, fate, point }) =>
      only === undefined || `${scenario.name} ${victim} ${fate} ${point}`.includes(only),
  );
  const workers = rigs.map(async (first) => {
    let rig = first;
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      const row = await play(rig, one).catch((error: unknown) => failedRow(one, error));
      rows.push(row);
      if (all) process.stderr.write(`${lineOf(row)}\n`);
      if (row.wrong.length === 0) continue;
      // What one case has left must not be held against the next one.
      await rig.close();
      rig = await Rig.create();
    }
    return rig;
  });
  open = await Promise.all(workers);
}

function lineOf({
  wrong,
  victim,
  scenario,
  point,
  ended,
  requests,
  failed,
  ms,
  late,
}: Row): string {
  const words = [
    wrong.length > 0 ? "WRONG " : late.length > 0 ? "LATE  " : "ok    ",
    victim,
    scenario,
    point,
    ended,
  ];
  const figures = `${requests} requests, ${failed} failed, ${ms} ms`;
  return [words.join("  "), figures, ...wrong, ...late].join("  ");
}

function failedRow({ scenario, victim, fate, point }: Case, error: unknown): Row {
  const wrong = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  const nothing = { ended: "?", requests: 0, failed: 0, backMs: null, ms: 0, late: [] };
  return { scenario: scenario.name, victim: `${victim} ${fate}`, point, ...nothing, wrong };
}

let open: readonly Rig[] = [];
afterAll(async () => {
  const table = process.env["TIDELOCK_CRASH_TABLE"];
  if (table) writeFileSync(table, JSON.stringify(rows));
  await Promise.all(open.map((rig) => rig.close()));
}, 120_000);

/** Names of effects as the engine's sources write them. */
function effectsInSource(): readonly string[] {
  const folder = new URL("../../../src/engine/", import.meta.url).pathname;
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const names = files
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .flatMap((file) => {
      const text = readFileSync(join(folder, file), "utf8");
      if (!/\.perform(Recorded)?\(/.test(text)) return [];
      return [...text.matchAll(/\bname: ["`]([a-z$-]+)/g)].map((match) => match[1] ?? "");
    })
    .flatMap((name) => (name === "deploy-$" ? ["deploy-isolated", "deploy-live"] : [name]));
  return [...new Set(names)].toSorted();
}

describe("a real server, agent and router", () => {
  it("may be killed or stopped at any point of a promotion, and users notice nothing but a router", async () => {
    open = await Promise.all(Array.from({ length: 2 }, () => Rig.create()));
    const points = await discover(open, all ? scenarios : [blueGreen]);
    for (const [scenario, passed] of points) {
      expect(effectsOf(passed), scenario.name).toEqual([...scenario.effects].toSorted());
    }
    const steps = withInside(points.get(blueGreen) ?? []);
    expect(steps.length).toBeGreaterThan(50);
    const frozen = scenarios.flatMap(stopped);
    const frozenEffects = new Set(frozen.map(({ point }) => point.replace(/:.*/, "")));
    for (const name of effectsInSource()) expect(frozenEffects).toContain(name);

    await playAll(open, [
      ...spread(killed("server", steps), 20, 1),
      ...spread(killed("agent", steps), 20, 7),
      ...spread(killed("router", steps), 20, 13),
      ...spread(frozen, 9, 4),
    ]);
    expect(rows.filter(({ wrong, late }) => wrong.length + late.length > 0)).toEqual([]);
    expect(rows.length).toBeGreaterThan(only === undefined ? 10 : 0);
  }, 1_800_000);
});
