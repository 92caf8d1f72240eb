import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { createMigratedDatabase } from "../../../test/support/database.ts";
import { manyFindings } from "../../../test/support/many-findings.ts";
import { FindingMetrics, type FindingRows } from "../../api/views/finding-metrics.ts";
import { findingFilter } from "../../api/views/finding.ts";
import type { Database } from "../../store/database.ts";
import { listFindings } from "../../store/queries/findings-list.ts";
import type { Schema } from "../../store/schema.ts";
import { findingMetrics } from "./metrics.ts";

let database: Database<Schema>;
beforeAll(async () => {
  database = await createMigratedDatabase<Schema>();
}, 60_000);
afterAll(() => database.close());

const Filter = z.strictObject(findingFilter);

async function listed(rows: FindingRows): Promise<number> {
  const filter = Filter.parse(rows);
  return (await listFindings(database.db, filter, { limit: 1, after: null, accepted: [] })).total;
}

/** Every number with the rows that it says it counts. */
function numbers(value: unknown): { n: number; rows: FindingRows }[] {
  if (typeof value !== "object" || value === null) return [];
  const { n, rows, of, ofRows } = value as Record<string, unknown>;
  const own = typeof n === "number" && rows !== undefined ? [{ n, rows: rows as FindingRows }] : [];
  const whole =
    typeof of === "number" && ofRows !== undefined ? [{ n: of, rows: ofRows as FindingRows }] : [];
  return [...own, ...whole, ...Object.values(value).flatMap(numbers)];
}

it("answers with zeros, and without a share, where nothing was found yet", async () => {
  const empty = FindingMetrics.parse(await findingMetrics(database.db, { days: 90 }));
  expect(empty.open.total.n).toBe(0);
  expect(empty.found.escaped).toMatchObject({ n: 0, of: 0, share: null });
  expect(empty.trend.weeks).toHaveLength(13);
  expect(empty.coverage).toEqual({ kinds: [], live: [] });
  expect(empty.time.toProduction).toEqual([]);
});

it("counts in every number exactly the findings that its rows list", async () => {
  await manyFindings(database.db, { findings: 600, observations: 600 });
  for (const filter of [
    { days: 90 },
    { days: 33, service: "service-1" },
    { days: 365, kind: "web" as const },
  ]) {
    const metrics = FindingMetrics.parse(await findingMetrics(database.db, filter));
    const all = numbers(metrics);
    expect(all.length).toBeGreaterThan(60);
    for (const { n, rows } of all) expect([rows, await listed(rows)]).toEqual([rows, n]);
    expect(metrics.open.total.n).toBeGreaterThan(50);
    const open = metrics.open.bySeverity.reduce((sum, { n }) => sum + n, 0);
    expect(open).toBe(metrics.open.total.n);
    expect(metrics.time.ages.reduce((sum, { n }) => sum + n, 0)).toBe(open);
  }
}, 60_000);

it("counts a live release as scanned only by what is complete, trusted and about it", async () => {
  const { coverage, production } = await findingMetrics(database.db, { days: 90 });
  expect(coverage.live.map(({ service }) => service)).toEqual([
    "service-0",
    "service-1",
    "service-2",
  ]);
  const tools = coverage.live[0]?.scans.map(({ tool }) => tool);
  // zap's import is of the release, and nobody vouches for it.
  expect(tools).toEqual(["grype", "semgrep", "trivy"]);
  expect(production).toEqual([]);
});
