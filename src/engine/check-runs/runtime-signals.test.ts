import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  until,
} from "../../../test/support/engine-bench.ts";
import { signals } from "../../checks/signals/index.ts";
import { LateChecks } from "./late-checks.ts";
import { verifyState } from "../ledger/verify-state.ts";
import type { SignalInput } from "../../model/signal.ts";
import type { ControlPlane } from "../../ports/control-plane.ts";

let bench: EngineBench;
let plane: ControlPlane;
const lane = { service: "shop", environment: "dev" };
const attack: SignalInput = {
  source: "waf",
  id: "4711",
  kind: "sql-injection",
  severity: "high",
  message: "a query left the login form",
};
const beat: SignalInput = { ...attack, id: "beat-1", kind: "heartbeat", severity: "info" };

const demand = `      checks: [{ name: signals, uses: signals, phase: live, timeout: 20s,
        with: { sources: [waf], window: 700ms } }]`;

beforeEach(async () => {
  bench = await EngineBench.create();
  bench.extra.set("signals", signals);
  plane = bench.worker().controlPlane;
  await plane.applyDocuments(operator, "tidelock.yaml", documents({ dev: demand }));
  await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
  await plane.createRelease(operator, makeRelease(bench, "1.1.0"));
});
afterEach(() => bench.close());

/** As soon as the release is live, what the sources say of it. */
async function promoted(version: string, said: readonly SignalInput[]) {
  const { id } = await plane.promote(operator, { ...lane, release: version });
  await until(
    () => plane.showPromotion(id),
    ({ checks }) => checks.some(({ name }) => name === "signals"),
  );
  for (const signal of said) await plane.signals.add(operator, lane, version, signal);
  return ended(plane, id);
}

it("returns the traffic when a runtime control reports something bad of the new release", async () => {
  expect(await promoted("1.0.0", [beat])).toMatchObject({ state: "complete" });
  const second = await promoted("1.1.0", [{ ...beat, id: "beat-2" }, attack]);
  expect(second.state).not.toBe("complete");
  expect(second.checks).toMatchObject([{ name: "signals", report: { verdict: "fail" } }]);
  const [dev] = await plane.status({ service: "shop" });
  expect(dev?.live).toMatchObject({ version: "1.0.0" });
});

it("does not count what was reported of another release, or before the promotion began", async () => {
  expect(await promoted("1.0.0", [beat])).toMatchObject({ state: "complete" });
  await plane.signals.add(operator, lane, "1.1.0", attack);
  await plane.signals.add(operator, lane, "1.0.0", { ...attack, id: "4712" });
  expect(await promoted("1.1.0", [{ ...beat, id: "beat-2" }])).toMatchObject({ state: "complete" });
});

it("hides neither a bad signal nor a source behind thousands of harmless ones", async () => {
  expect(await promoted("1.0.0", [beat])).toMatchObject({ state: "complete" });
  const { id } = await plane.promote(operator, { ...lane, release: "1.1.0" });
  await until(
    () => plane.showPromotion(id),
    ({ checks }) => checks.some(({ name }) => name === "signals"),
  );
  // In one transaction, as a flood between two looks of the check is for it.
  await bench.database.db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ id: string }>`
      select id from releases where version = '1.1.0'
    `.execute(tx);
    const insert = (source: string, kind: string, severity: string, many: number) =>
      sql`
      insert into runtime_signals (source, signal, service, environment, release, kind, severity, message, added_by)
      select ${source}, ${kind} || n, 'shop', 'dev', ${rows[0]?.id}, ${kind}, ${severity}, 'x', 'x'
      from generate_series(1, ${many}::int) n
    `.execute(tx);
    await insert("waf", "sql-injection", "high", 1);
    await insert("noise", "heartbeat", "critical", 1_500);
    await insert("noise", "slow", "low", 1_500);
  });
  const done = await ended(plane, id);
  expect(done.checks).toMatchObject([{ name: "signals", report: { verdict: "fail" } }]);
  expect(done.checks[0]?.report?.summary).toContain("waf: sql-injection");
});

it("takes one number of a source once, and refuses another content under it", async () => {
  await promoted("1.0.0", [beat]);
  const first = await plane.signals.add(operator, lane, null, attack);
  expect(first).toMatchObject({ release: { version: "1.0.0" }, by: "operator" });
  expect(await plane.signals.add(operator, lane, null, attack)).toEqual(first);
  const other = { ...attack, severity: "low" as const };
  await expect(plane.signals.add(operator, lane, null, other)).rejects.toMatchObject({
    code: "conflict",
  });
  const items = await plane.signals.list(lane, { release: null, limit: 10 });
  expect(items.map(({ id }) => id)).toEqual(["4711", "beat-1"]);
});

it("names what it is about: nothing live and no release given is refused", async () => {
  const refused = plane.signals.add(operator, lane, null, attack);
  await expect(refused).rejects.toMatchObject({ code: "not-found" });
  const unknown = plane.signals.add(operator, lane, "9.9.9", attack);
  await expect(unknown).rejects.toMatchObject({ code: "not-found" });
});

describe("a bad signal of what is live, after its promotion", () => {
  async function live() {
    const worker = bench.worker();
    const late = new LateChecks(worker.engine);
    await worker.engine.log.open("1.0.0");
    return { engine: worker.engine, late };
  }
  const returning = demand.replace("      checks:", "      onLateFailure: return\n      checks:");

  it("marks it as known to be worse and gives the traffic back where the pipeline says so", async () => {
    await plane.applyDocuments(operator, "tidelock.yaml", documents({ dev: returning }));
    const { late, engine } = await live();
    await promoted("1.0.0", [beat]);
    const { id } = await promoted("1.1.0", [{ ...beat, id: "beat-2" }]);
    await late.look();
    expect((await plane.status({ service: "shop" }))[0]?.live).toMatchObject({ version: "1.1.0" });
    for (const number of ["1", "2", "3"]) {
      await plane.signals.add(operator, lane, null, { ...attack, id: number });
    }
    await late.look();
    await until(
      () => plane.status({ service: "shop" }),
      ([dev]) => dev?.live?.version === "1.0.0",
    );
    const { checks } = await plane.showPromotion(id);
    expect(checks.map(({ report }) => report?.verdict)).toEqual(["pass", "fail"]);
    await late.look();
    expect((await plane.showPromotion(id)).checks).toHaveLength(2);
    const back = plane.rollback(operator, lane, { to: "1.1.0", reason: "x" });
    await expect(back).rejects.toThrow("sql-injection");
    await late.stop();
    expect(await verifyState(engine.log, bench.database.db)).toMatchObject({ ok: true });
  });

  it("holds the traffic where the pipeline says nothing, and is nothing when it is small", async () => {
    const { late } = await live();
    await promoted("1.0.0", [beat]);
    const { id } = await promoted("1.1.0", [{ ...beat, id: "beat-2" }]);
    await plane.signals.add(operator, lane, null, { ...attack, severity: "medium" });
    await late.look();
    expect((await plane.showPromotion(id)).checks).toHaveLength(1);
    await plane.signals.add(operator, lane, null, { ...attack, id: "9" });
    await late.look();
    expect((await plane.showPromotion(id)).checks).toHaveLength(2);
    expect((await plane.status({ service: "shop" }))[0]?.live).toMatchObject({ version: "1.1.0" });
    await late.stop();
  });
});

it("stops the line where the policy says so, once, for something grave of what is live, until somebody clears it", async () => {
  const asked = documents({ dev: "      onSignal: stop-the-line" });
  await plane.applyDocuments(operator, "tidelock.yaml", asked);
  const { id } = await plane.promote(operator, { ...lane, release: "1.0.0" });
  expect(await ended(plane, id)).toMatchObject({ state: "complete" });
  await plane.signals.add(operator, lane, null, beat);
  await plane.signals.add(operator, lane, null, { ...attack, id: "1", severity: "medium" });
  await plane.signals.add(operator, lane, "1.1.0", { ...attack, id: "2" });
  expect(await plane.stops.list({ cleared: false })).toEqual([]);
  await plane.signals.add(operator, lane, null, attack);
  await plane.signals.add(operator, lane, null, { ...attack, id: "4712", severity: "critical" });
  await plane.signals.add(operator, lane, null, attack);
  const stops = await plane.stops.list({ cleared: false });
  expect(stops).toMatchObject([{ scope: "shop/dev", by: "tidelock" }]);
  expect(stops[0]?.reason).toBe("waf reports high of what is live: a query left the login form");
  const next = await plane.promote(operator, { ...lane, release: "1.1.0" });
  await until(
    () => plane.showPromotion(next.id),
    ({ waiting }) => waiting?.reason.includes("the line shop/dev is stopped") ?? false,
  );
  await plane.stops.clear(operator, stops[0]!.id, "a scanner of ours");
  expect(await ended(plane, next.id)).toMatchObject({ state: "complete" });
});
