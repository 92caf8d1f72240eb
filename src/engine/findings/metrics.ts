import { sql } from "kysely";
import type {
  CountView,
  FindingMetrics,
  FindingRows,
  RateView,
  SpanView,
} from "../../api/finding-metrics-views.ts";
import { FindingStage } from "../../api/finding-views.ts";
import { enough, kindsOfScan, shareOf, spanOf, sumBy, toolYields } from "../../findings/metrics.ts";
import { FindingStatus, openStatuses } from "../../model/finding.ts";
import { FindingKind, severities } from "../../model/observation.ts";
import type { MetricsFilter } from "../../ports/finding-control.ts";
import {
  environmentTiers,
  falsePositiveAges,
  type FindingGroup,
  findingGroups,
  type LiveScan,
  liveScans,
  type Measured,
  openAges,
  openBefore,
  timesToProduction,
  weekCounts,
} from "../../store/queries/finding-metrics.ts";
import type { Db } from "../../store/schema.ts";

const dayMs = 86_400_000;

/** Ages in days at which the open ones are cut. */
const ageLimits = [7, 30, 90] as const;

/** Everything but what was judged to be no finding. */
const real = FindingStatus.options.filter((status) => status !== "false-positive").join(",");
/** What somebody, or a scan, has moved on from its first standing. */
const judged = FindingStatus.options.filter((status) => status !== "open").join(",");
const ended = "verified,closed";

/** The numbers about findings, each with the rows that it counts. */
export async function findingMetrics(db: Db, filter: MetricsFilter): Promise<FindingMetrics> {
  const now = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(db);
  const at = now.rows[0]?.now ?? new Date();
  const from = new Date(at.getTime() - filter.days * dayMs);
  const { service, kind } = filter;
  const asked: Measured = { service, kind, from, at };
  const base: FindingRows = {
    ...(service === undefined ? {} : { service }),
    ...(kind === undefined ? {} : { kind }),
  };
  const limits = ageLimits.map((days) => new Date(at.getTime() - days * dayMs));
  const [groups, fixed, ages, before, opened, closed, falsePositives, scans, tiers] =
    await Promise.all([
      findingGroups(db, asked),
      timesToProduction(db, asked),
      openAges(db, asked),
      openBefore(db, asked, limits),
      weekCounts(db, asked, "opened"),
      weekCounts(db, asked, "closed"),
      falsePositiveAges(db, asked),
      liveScans(db, asked),
      environmentTiers(db),
    ]);
  return {
    at: at.toISOString(),
    from: from.toISOString(),
    enough,
    open: openNumbers(groups, base),
    found: foundNumbers(groups, { ...base, foundFrom: from.toISOString() }, tiers),
    time: {
      toProduction: severities.flatMap((severity) => {
        const row = fixed.find((one) => one.severity === severity);
        if (row === undefined) return [];
        const rows = { ...base, status: "closed", closedFrom: from.toISOString() };
        return [{ severity, ...span(row, { ...rows, severityIs: severity }) }];
      }),
      openAge: severities.flatMap((severity) => {
        const row = ages.find((one) => one.severity === severity);
        if (row === undefined) return [];
        const spans = span(row, { ...base, severityIs: severity });
        return [{ severity, ...spans, oldest: row.oldest.toISOString() }];
      }),
      ages: ageNumbers(groups, before, limits, base),
    },
    trend: {
      weeks: weeks(asked, { opened, closed }, base),
      ...standing(groups, base),
      falsePositives: span(falsePositives, { ...base, status: "false-positive" }),
    },
    coverage: coverage(scans, groups),
    production: [...tiers].filter(([, tier]) => tier === "production").map(([name]) => name),
  };
}

const isOpen = ({ status }: FindingGroup): boolean => openStatuses.includes(status);

function count(groups: readonly { readonly n: number }[], rows: FindingRows): CountView {
  return { n: groups.reduce((sum, { n }) => sum + n, 0), rows };
}

function rate(part: CountView, whole: CountView): RateView {
  return { ...part, of: whole.n, ofRows: whole.rows, share: shareOf(part.n, whole.n) };
}

function span(
  row: { readonly n: number; readonly median: number | null; readonly p90: number | null },
  rows: FindingRows,
): SpanView {
  return { n: row.n, rows, ...spanOf(row.n, row.median, row.p90) };
}

function openNumbers(groups: readonly FindingGroup[], base: FindingRows): FindingMetrics["open"] {
  const open = groups.filter(isOpen);
  const by = (key: (group: FindingGroup) => string, name: string) =>
    [...sumBy(open, key)].map(([value, n]) => ({
      name: value,
      n,
      rows: { ...base, [name]: value },
    }));
  const worst = by(({ severity }) => severity, "severityIs");
  return {
    total: count(open, base),
    overdue: count(
      open.filter(({ sla }) => sla === "missed"),
      { ...base, overdue: "true" },
    ),
    bySeverity: severities.flatMap((severity) => worst.filter(({ name }) => name === severity)),
    byKind: by(({ kind }) => kind, "kind"),
    byService: by(({ service }) => service, "service"),
    byEnvironment: by((group) => group.first_environment ?? "-", "foundIn"),
  };
}

function foundNumbers(
  groups: readonly FindingGroup[],
  base: FindingRows,
  tiers: ReadonlyMap<string, string>,
): FindingMetrics["found"] {
  const found = groups.filter(({ recent }) => recent);
  const any = { ...base, status: "any" };
  const stageOf = ({ first_environment: environment }: FindingGroup): string =>
    environment === null ? "release" : (tiers.get(environment) ?? "unknown");
  const stages = sumBy(found, stageOf);
  const genuine = found.filter(({ status }) => status !== "false-positive");
  const escaped = genuine.filter((group) => stageOf(group) === "production");
  return {
    total: count(found, any),
    tools: toolYields(found).map((one) => {
      const of = (n: number, rows: FindingRows): CountView => ({ n, rows: { ...any, ...rows } });
      const tool = { tool: one.tool };
      return {
        tool: one.tool,
        found: of(one.found, tool),
        first: of(one.first, { foundBy: one.tool }),
        only: rate(of(one.only, { onlyBy: one.tool }), of(one.found, tool)),
        noise: rate(
          of(one.falsePositive, { ...tool, status: "false-positive" }),
          of(one.judged, { ...tool, status: judged }),
        ),
      };
    }),
    stages: FindingStage.options.flatMap((stage) => {
      const n = stages.get(stage);
      return n === undefined ? [] : [{ name: stage, n, rows: { ...any, stage } }];
    }),
    escaped: rate(
      count(escaped, { ...base, status: real, stage: "production" }),
      count(genuine, { ...base, status: real }),
    ),
  };
}

/** The open ones by age, the youngest first; `before` counts those that are older than each limit. */
function ageNumbers(
  groups: readonly FindingGroup[],
  before: readonly number[],
  limits: readonly Date[],
  base: FindingRows,
): FindingMetrics["time"]["ages"] {
  const total = count(groups.filter(isOpen), base).n;
  const older = [total, ...before, 0];
  return older.slice(0, -1).map((n, index) => {
    const [youngest, oldest] = [limits[index - 1], limits[index]];
    const words = [ageLimits[index - 1], ageLimits[index]];
    return {
      name:
        words[1] === undefined
          ? `${words[0]} days and more`
          : words[0] === undefined
            ? `under ${words[1]} days`
            : `${words[0]} to ${words[1]} days`,
      n: Math.max(0, n - (older[index + 1] ?? 0)),
      rows: {
        ...base,
        ...(oldest === undefined ? {} : { foundFrom: oldest.toISOString() }),
        ...(youngest === undefined ? {} : { foundUntil: youngest.toISOString() }),
      },
    };
  });
}

function weeks(
  { from, at }: Measured,
  counts: Readonly<Record<"opened" | "closed", ReadonlyMap<number, number>>>,
  base: FindingRows,
): FindingMetrics["trend"]["weeks"] {
  const weekMs = 7 * dayMs;
  const many = Math.ceil((at.getTime() - from.getTime()) / weekMs);
  return Array.from({ length: many }, (_, week) => {
    const begin = new Date(from.getTime() + week * weekMs);
    const end = new Date(Math.min(begin.getTime() + weekMs, at.getTime()));
    const bounds = { from: begin.toISOString(), until: end.toISOString() };
    const any = { ...base, status: "any" };
    const opened = {
      n: counts.opened.get(week) ?? 0,
      rows: { ...any, foundFrom: bounds.from, foundUntil: bounds.until },
    };
    const closed = {
      n: counts.closed.get(week) ?? 0,
      rows: { ...any, closedFrom: bounds.from, closedUntil: bounds.until },
    };
    return { ...bounds, opened, closed, net: opened.n - closed.n };
  });
}

function standing(
  groups: readonly FindingGroup[],
  base: FindingRows,
): Pick<FindingMetrics["trend"], "reopened" | "slaKept"> {
  const any = { ...base, status: "any" };
  const back = groups.filter(({ back: came }) => came);
  const kept = groups.filter(({ sla }) => sla === "kept");
  const decided = groups.filter(({ sla }) => sla !== null);
  const gone = groups.filter((one) => one.back || ended.split(",").includes(one.status));
  return {
    reopened: rate(
      count(back, { ...any, reopened: "true" }),
      count(gone, { ...any, gone: "true" }),
    ),
    slaKept: rate(count(kept, { ...any, sla: "kept" }), count(decided, { ...any, sla: "decided" })),
  };
}

function coverage(
  scans: readonly LiveScan[],
  groups: readonly FindingGroup[],
): FindingMetrics["coverage"] {
  const seen = new Map<string, Set<FindingKind>>();
  for (const { tools, kind } of groups) {
    for (const tool of tools) seen.set(tool, (seen.get(tool) ?? new Set()).add(kind));
  }
  const live = new Map<string, FindingMetrics["coverage"]["live"][number]>();
  for (const one of scans) {
    const key = `${one.service}/${one.environment}`;
    const lane = live.get(key) ?? {
      service: one.service,
      environment: one.environment,
      release: { id: one.release, version: one.version },
      scans: [],
    };
    live.set(key, lane);
    if (one.import === null || one.tool === null || one.at === null) continue;
    const { tool, at } = one;
    lane.scans.push({
      tool,
      kinds: kindsOfScan({ tool, format: one.format ?? "" }, seen),
      import: one.import,
      at: at.toISOString(),
    });
  }
  const lanes = [...live.values()];
  const wanted = FindingKind.options.filter(
    (kind) =>
      groups.some((group) => group.kind === kind) ||
      lanes.some((lane) => lane.scans.some((scan) => scan.kinds.includes(kind))),
  );
  return {
    live: lanes,
    kinds: wanted.map((kind) => {
      const covered = lanes.filter((lane) => lane.scans.some((scan) => scan.kinds.includes(kind)));
      const of = lanes.length;
      return { kind, n: covered.length, of, share: of === 0 ? null : covered.length / of };
    }),
  };
}
