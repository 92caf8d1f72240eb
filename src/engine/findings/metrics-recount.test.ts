import fc from "fast-check";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createMigratedDatabase } from "../../../test/support/database.ts";
import type { FindingMetrics, FindingRows } from "../../api/views/finding-metrics.ts";
import { FindingStatus, openStatuses } from "../../model/finding.ts";
import { severities } from "../../model/observation.ts";
import type { Database } from "../../store/database.ts";
import type { Schema } from "../../store/schema.ts";
import { findingAges } from "../../store/queries/finding-metrics.ts";
import { findingMetrics } from "./metrics.ts";

let database: Database<Schema>;
beforeAll(async () => {
  database = await createMigratedDatabase<Schema>();
}, 60_000);
afterAll(() => database.close());

const hourMs = 3_600_000;
/** Longer than what an index holds of it. */
const long = "ünder ".repeat(100).trim();
const hours = (most: number) => fc.integer({ min: 1, max: most });
const Row = fc.record({
  service: fc.constantFrom("shop", "till"),
  environment: fc.constantFrom(null, "testing", "gone", "NULL", "a #b"),
  kind: fc.constantFrom("code", "dependency", "web"),
  severity: fc.constantFrom(...severities),
  status: fc.constantFrom(...FindingStatus.options),
  tools: fc.uniqueArray(fc.constantFrom("zap", "trivy", "grype", 'a "b", c', "#", long), {
    minLength: 1,
  }),
  age: hours(200 * 24),
  due: fc.option(hours(400 * 24)),
  closed: fc.option(hours(200 * 24)),
  reopened: fc.constantFrom(0, 0, 1, 3),
  paused: fc.boolean(),
});
type Made = ReturnType<typeof dated>;

/** Half an hour off every full one, so that nothing stands on a limit. */
function dated(row: Parameters<Parameters<typeof Row.map>[0]>[0], now: number) {
  const first = now - (row.age + 0.5) * hourMs;
  return {
    ...row,
    first,
    due: row.due === null ? null : first + row.due * hourMs + 1,
    closed: row.closed === null || row.status !== "closed" ? null : now - row.closed * hourMs + 7,
  };
}

/** Whether a list would show it: every filter by which a number names its rows, in words of its own. */
function fits(one: Made, rows: FindingRows, now: number): boolean {
  const isOpen = openStatuses.includes(one.status);
  const missedOpen = isOpen && !one.paused && one.due !== null && one.due < now;
  const sla =
    one.due === null || one.status === "false-positive"
      ? null
      : one.closed !== null
        ? one.closed <= one.due
          ? "kept"
          : "missed"
        : missedOpen
          ? "missed"
          : null;
  const filters: Record<string, (value: string) => boolean> = {
    service: (value) => one.service === value,
    kind: (value) => one.kind === value,
    status: (value) => value === "any" || value.split(",").includes(one.status),
    severityIs: (value) => one.severity === value,
    foundIn: (value) => (one.environment ?? "-") === value,
    tool: (value) => one.tools.some((tool) => tool === value),
    foundBy: (value) => one.tools[0] === value,
    onlyBy: (value) => one.tools.length === 1 && one.tools[0] === value,
    stage: (value) => (one.environment === null ? "release" : "unknown") === value,
    overdue: () => missedOpen,
    // Nothing is accepted in these rows; waivers/finding-waivers.test.ts has some.
    state: () => false,
    reopened: () => one.reopened > 0,
    gone: () => one.reopened > 0 || ["verified", "closed"].includes(one.status),
    sla: (value) => (value === "decided" ? sla !== null : sla === value),
    foundFrom: (value) => one.first >= Date.parse(value),
    foundUntil: (value) => one.first < Date.parse(value),
    closedFrom: (value) => one.closed !== null && one.closed >= Date.parse(value),
    closedUntil: (value) => one.closed !== null && one.closed < Date.parse(value),
  };
  const all = rows["status"] === undefined ? { status: openStatuses.join(","), ...rows } : rows;
  return Object.entries(all).every(([name, value]) => {
    const filter = filters[name];
    if (!filter) throw new Error(`no number is expected to name its rows by ${name}`);
    return filter(value);
  });
}

function numbers(value: unknown): { n: number; rows: FindingRows }[] {
  if (typeof value !== "object" || value === null) return [];
  const { n, rows, of, ofRows } = value as Record<string, unknown>;
  const own = typeof n === "number" && rows !== undefined ? [{ n, rows: rows as FindingRows }] : [];
  const whole =
    typeof of === "number" && ofRows !== undefined ? [{ n: of, rows: ofRows as FindingRows }] : [];
  return [...own, ...whole, ...Object.values(value).flatMap(numbers)];
}

async function put(rows: readonly Made[]): Promise<void> {
  await sql`truncate findings cascade`.execute(database.db);
  for (const one of rows) {
    const at = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
    await sql`
      insert into findings (service, kind, rule, title, place, severity, severity_stated, status, tools, first_seen,
        first_environment, due_at, closed_at, reopened, paused)
      values (${one.service}, ${one.kind}, 'r', 't', '{}', ${one.severity}, true, ${one.status}, ${one.tools},
        ${at(one.first)}, ${one.environment}, ${at(one.due)}, ${at(one.closed)}, ${one.reopened},
        ${one.paused ? "waits" : null})`.execute(database.db);
  }
}

it("gives the numbers that a plain count of all rows gives, whatever the findings are", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(Row, { minLength: 1, maxLength: 40 }),
      fc.constantFrom({}, { service: "shop" }, { kind: "web" as const }),
      fc.constantFrom(7, 33, 90, 365),
      async (made, filter, days) => {
        const now = Date.now();
        const rows = made.map((row) => dated(row, now));
        await put(rows);
        const metrics: FindingMetrics = await findingMetrics(database.db, { ...filter, days });
        for (const { n, rows: named } of numbers(metrics)) {
          const counted = rows.filter((one) => fits(one, named, Date.parse(metrics.at))).length;
          expect([named, n]).toEqual([named, counted]);
        }
      },
    ),
    { numRuns: 25, seed: 20_260_615 },
  );
}, 120_000);

it("counts what is exactly so many days old as younger, to the microsecond", async () => {
  const at = Date.parse("2026-06-15T08:15:59.123Z");
  const [row] = fc.sample(Row, { numRuns: 1, seed: 1 });
  if (!row) throw new Error("no row");
  const one = { ...row, severity: "high" as const, status: "open" as const };
  for (const hours of [1, 71, 72, 96, 24 * 90, 24 * 5_000]) {
    await put([dated(one, at)]);
    const aged = async (micros: number) => {
      await sql`
        update findings set first_seen = ${new Date(at).toISOString()}::timestamptz
          - make_interval(hours => ${hours}) - ${micros} * interval '1 microsecond'`.execute(
        database.db,
      );
      const [age] = await findingAges(database.db, { from: new Date(0), at: new Date(at) });
      return { ...age };
    };
    const step = hours > 72 ? 24 : 1;
    const of = { severity: "high", open: true, n: 1 };
    expect(await aged(0)).toEqual({ ...of, hours: hours - step });
    expect(await aged(-1)).toEqual({ ...of, hours: hours - step });
    expect(await aged(1)).toEqual({ ...of, hours });
  }
}, 60_000);
