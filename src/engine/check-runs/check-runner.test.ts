import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  until,
} from "../../../test/support/engine-bench.ts";
import { layout } from "../../model/layout.ts";
import type { ControlPlane } from "../../ports/control-plane.ts";
import { registerServer } from "../../store/server-record.ts";
import type { KyselyPlugin, UnknownRow } from "kysely";

const dev = { service: "shop", environment: "dev", release: "1.0.0" };
let bench: EngineBench;
let plane: ControlPlane;

beforeEach(async () => {
  bench = await EngineBench.create();
  const reach = async (point: string): Promise<void> => {
    if (point !== "check:before-effect" || bench.staged.runs.length > 0 || returned) return;
    bench.host.away = true;
    setTimeout(() => {
      bench.host.away = false;
      returned = true;
    }, 200);
  };
  plane = bench.worker({ hooks: { reach } }).controlPlane;
  const checks = "      checks: [{ name: smoke, uses: staged }]";
  await plane.applyDocuments(operator, "t.yaml", documents({ dev: checks }));
  await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
});

let returned = false;
afterEach(() => bench.close());

it("reports no verdict on a check that could not begin because the host agent was away, and begins it again", async () => {
  const { id } = await plane.promote(operator, dev);
  const view = await ended(plane, id);
  expect(returned).toBe(true);
  expect(view).toMatchObject({ state: "complete" });
  expect(view.checks).toMatchObject([{ name: "smoke", report: { verdict: "pass" } }]);
  expect(bench.staged.runs).toHaveLength(1);
});

it("tells a check the ports on which the servers of its data directory listen, as they are now", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "tidelock-own-ports-"));
  const info = bench.host.info();
  bench.host.info = () => ({ ...info, dataDir });
  const seen: unknown[] = [];
  const run = bench.staged.check.run.bind(bench.staged.check);
  bench.staged.check.run = async (context, configuration) => {
    seen.push(context.ownPorts?.());
    const server = { url: "http://localhost:7071", version: "1" };
    const leave = registerServer(layout(dataDir), server);
    seen.push(context.ownPorts?.());
    leave();
    return run(context, configuration);
  };
  const { id } = await plane.promote(operator, dev);
  expect(await ended(plane, id)).toMatchObject({ state: "complete" });
  expect(seen).toEqual([[], [7071]]);
  rmSync(dataDir, { recursive: true, force: true });
});

it("is not carried out again when it ended between the look and the beginning", async () => {
  let release = (): void => undefined;
  bench.staged.hold = new Promise((resolve) => (release = resolve));
  let looks = 0;
  // Whoever has read that the run is under way learns that only when it has ended.
  const late: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      const running = result.rows.some(
        (row: UnknownRow) => "attempt" in row && "report" in row && row["report"] === null,
      );
      if (!running || looks++ > 0) return result;
      release();
      await until(
        () => worker.engine.runningChecks.size,
        (size) => size === 0,
      );
      return result;
    },
  };
  const worker = bench.worker({ db: bench.database.db.withPlugin(late) });
  await Promise.all(bench.workers.slice(0, -1).map(({ reconciler }) => reconciler.stop()));
  // Asks by its own way to the database.
  const { id } = await plane.promote(operator, dev);
  expect(await ended(plane, id)).toMatchObject({ state: "complete" });
  expect(looks).toBeGreaterThan(0);
  expect(bench.staged.runs).toHaveLength(1);
});
