import { afterEach, beforeEach, expect, it } from "vitest";
import type { PromotionView } from "../../src/api/views.ts";
import { until } from "../support/agent-harness.ts";
import { needs } from "../support/optional.ts";
import { ServerProcess } from "../support/server-process.ts";
import { environment, operator, Rig } from "./real/rig.ts";
import { documentsOf, services } from "./real/service.ts";

/** Law 8 for a check that nobody waits for: whoever dies over it, it is answered once, and weighed once. */
const long = needs(
  process.env["TIDELOCK_TEST_LONG"] === "1",
  "two servers are killed over a late check only with TIDELOCK_TEST_LONG=1; src/engine/check-runs/late-checks.test.ts has one",
);
let rig: Rig;
let second: ServerProcess | undefined;

beforeEach(async () => {
  rig = await Rig.create();
}, 120_000);
afterEach(async () => {
  if (second && !second.gone) await second.kill();
  await rig.close();
}, 60_000);

async function register(): Promise<void> {
  const ports = new Map(services.map((service) => [service, rig.port(service)]));
  // There is no build's log in the release, so its answer is a bad one.
  const checks = "checks: [{ name: log, uses: build-log, phase: static, outOfBand: true }]";
  const text = documentsOf(ports).replace("rollbackWindow: 1s", checks);
  await rig.server.call("applyDocuments", operator, "tidelock.yaml", text);
}

async function count(table: string, where: string): Promise<number> {
  const { rows } = await rig.pool.query<{ count: string }>(
    `select count(*) as count from ${table} where ${where}`,
  );
  return Number(rows[0]?.count);
}

it.skipIf(long.missing)(
  "is answered once when two servers are killed over it, one after the other",
  async () => {
    await register();
    rig.server.arm("late:held", "pause");
    const request = { service: "brief", environment, release: "1.0.0" };
    const { id } = await rig.server.call<PromotionView>("promote", operator, request);
    await rig.server.untilReached("late:held");
    // Nobody waits for it.
    expect((await rig.ended(id)).state).toBe("complete");
    await rig.server.kill();

    second = new ServerProcess(rig.dataDir, rig.pool.options.connectionString ?? "");
    second.arm("late:before-keep", "kill");
    await second.compose();
    await second.untilReached("late:before-keep");
    await until("the second server is gone", () => second?.gone === true);
    expect(await count("check_runs", "report is not null")).toBe(0);

    await rig.takeOver();
    await until(
      "it is weighed",
      async () => (await count("check_runs", "weighed_at is not null")) === 1,
      30_000,
    );
    const { checks, decision } = await rig.server.call<PromotionView>("showPromotion", id);
    expect(checks.map(({ id: run, report }) => [run.split("/").at(-1), report?.verdict])).toEqual([
      ["1", "inconclusive"],
    ]);
    expect(decision?.outcome).toBe("deny");
    expect(await count("events", "kind = 'check.ended'")).toBe(1);
    expect(await count("events", "kind = 'check.late'")).toBe(1);
    expect(await count("deployments", "revoked_at is not null")).toBe(1);
  },
  180_000,
);
