import { sql } from "kysely";
import type {
  CountView,
  FindingMetrics,
  FindingRows,
  RateView,
  SpanView,
} from "../../api/views/finding-metrics.ts";
import { FindingStage } from "../../api/views/finding.ts";
import {
  enough,
  kindsOfScan,
  quantiles,
  quantilesOfEach,
  shareOf,
  spanOf,
  sumBy,
  toolYields,
} from "../../findings/metrics.ts";
import { FindingStatus, openStatuses } from "../../model/finding.ts";
import { FindingKind, severities } from "../../model/observation.ts";
import type { MetricsFilter } from "../../ports/finding-control.ts";
import {
  type AgeGroup,
  type ClosedGroup,
  closedSpans,
  environmentTiers,
  falsePositiveAges,
  findingAges,
  type FindingGroup,
  findingGroups,
  type LiveScan,
  liveScans,
  type Measured,
} from "../../store/queries/finding-metrics.ts";
import type { Db } from "../../store/schema.ts";
import { acceptedAge } from "./accepted-age.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Ages in days at which the open ones are cut. */
const ageLimits = [7, 30, 90] as const;

/** Everything but what was judged to be no finding. */
const real = FindingStatus.options.filter((status) => status !== "false-positive").join(",");
/** What somebody, or a scan, has moved on from its first standing. */
const judged = FindingStatus.options.filter((status) => status !== "open").join(",");
const ended: readonly string[] = ["verified", "closed"];

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
  const [groups, closed, ages, falsePositives, scans, tiers, acceptedRisks] = await Promise.all([
    findingGroups(db, asked),
    closedSpans(db, asked),
    findingAges(db, asked),
    falsePositiveAges(db, asked),
    liveScans(db, asked),
    environmentTiers(db),
    acceptedAge(db, asked, base),
  ]);
  return {
    at: at.toISOString(),
    from: from.toISOString(),
    enough,
    open: openNumbers(groups, base),
    found: foundNumbers(groups, { ...base, foundFrom: from.toISOString() }, tiers),
    time: timeNumbers(asked, { ages, closed }, base),
    trend: {
      weeks: weeks(asked, { ages, closed }, base),
      ...standing(groups, base),
      falsePositives: span(falsePositives, { ...base, status: "false-positive" }),
      acceptedRisks,
    },
    coverage: coverage(scans, groups),
    production: [...tiers].filter(([, tier]) => tier === "production").map(([name]) => name),
  };
}

const isOpen = ({ status }: FindingGroup): boolean => openStatuses.includes(status);

function count(groups: readonly { readonly n: number }[], rows: FindingRows): CountView {
  return { n: groups.reduce((sum, { n }) => sum + n, 0), rows };
}

/** The same groups, counting only those of each that are something more. */
function part(
  groups: readonly FindingGroup[],
  which: "recent" | "back" | "kept" | "missed",
): readonly FindingGroup[] {
  return groups.flatMap((group) => (group[which] === 0 ? [] : [{ ...group, n: group[which] }]));
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
    overdue: count(part(open, "missed"), { ...base, overdue: "true" }),
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
  const found = part(groups, "recent");
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

/** The middle, and what nine of ten are not beyond. */
const shares = [0.5, 0.9] as const;

interface Times {
  readonly ages: readonly AgeGroup[];
  readonly closed: readonly ClosedGroup[];
}

function timeNumbers(
  { at, from }: Measured,
  { ages, closed }: Times,
  base: FindingRows,
): FindingMetrics["time"] {
  const open = ages.filter((one) => one.open);
  const closedRows = { ...base, status: "any", closedFrom: from.toISOString() };
  return {
    toProduction: severities.flatMap((severity) => {
      const spans = closed.flatMap((one) => (one.severity === severity ? one.spans : []));
      const [median = null, p90 = null] = quantilesOfEach(spans, shares);
      const rows = { ...closedRows, severityIs: severity };
      return spans.length === 0
        ? []
        : [{ severity, ...span({ n: spans.length, median, p90 }, rows) }];
    }),
    openAge: severities.flatMap((severity) => {
      const crowd = open
        .filter((one) => one.severity === severity)
        .map(({ hours, n }) => ({ value: Math.max(0, hours) * hourMs, n }));
      const rows = { ...base, severityIs: severity };
      return crowd.length === 0 ? [] : [{ severity, ...spanOfCrowd(crowd, rows) }];
    }),
    ages: ageNumbers(at, open, base),
  };
}

function spanOfCrowd(
  crowd: readonly { readonly value: number; readonly n: number }[],
  rows: FindingRows,
): SpanView {
  const { n } = count(crowd, rows);
  const [median = null, p90 = null] = quantiles(crowd, shares);
  return span({ n, median, p90 }, rows);
}

/** The open ones by age, the youngest first. */
function ageNumbers(
  at: Date,
  open: readonly AgeGroup[],
  base: FindingRows,
): FindingMetrics["time"]["ages"] {
  const before = (days: number): string => new Date(at.getTime() - days * dayMs).toISOString();
  return [undefined, ...ageLimits].map((least, index) => {
    const most = ageLimits[index];
    const within = open.filter(
      ({ hours }) =>
        (least === undefined || hours >= least * 24) && (most === undefined || hours < most * 24),
    );
    const rows = {
      ...base,
      ...(most === undefined ? {} : { foundFrom: before(most) }),
      ...(least === undefined ? {} : { foundUntil: before(least) }),
    };
    return { name: ageName(least, most), ...count(within, rows) };
  });
}

function ageName(least: number | undefined, most: number | undefined): string {
  if (least === undefined) return `under ${most} days`;
  return most === undefined ? `${least} days and more` : `${least} to ${most} days`;
}

function weeks(
  { from, at }: Measured,
  { ages, closed }: Times,
  base: FindingRows,
): FindingMetrics["trend"]["weeks"] {
  const weekMs = 7 * dayMs;
  const many = Math.ceil((at.getTime() - from.getTime()) / weekMs);
  const any = { ...base, status: "any" };
  return Array.from({ length: many }, (_, week) => {
    const begin = new Date(from.getTime() + week * weekMs);
    const end = new Date(Math.min(begin.getTime() + weekMs, at.getTime()));
    const bounds = { from: begin.toISOString(), until: end.toISOString() };
    const [oldest, youngest] = [begin, end].map((one) => (at.getTime() - one.getTime()) / hourMs);
    const seen = ages.filter(
      ({ hours }) => hours < (oldest ?? 0) && (hours >= (youngest ?? 0) || week === many - 1),
    );
    const gone = closed
      .filter((one) => one.week === week)
      .map(({ spans }) => ({ n: spans.length }));
    const opened = count(seen, { ...any, foundFrom: bounds.from, foundUntil: bounds.until });
    const ended = count(gone, { ...any, closedFrom: bounds.from, closedUntil: bounds.until });
    return { ...bounds, opened, closed: ended, net: opened.n - ended.n };
  });
}

function standing(
  groups: readonly FindingGroup[],
  base: FindingRows,
): Pick<FindingMetrics["trend"], "reopened" | "slaKept"> {
  const any = { ...base, status: "any" };
  const [kept, missed] = [part(groups, "kept"), part(groups, "missed")];
  const [over, going] = [
    groups.filter(({ status }) => ended.includes(status)),
    groups.filter(({ status }) => !ended.includes(status)),
  ];
  return {
    reopened: rate(
      count(part(groups, "back"), { ...any, reopened: "true" }),
      count([...over, ...part(going, "back")], { ...any, gone: "true" }),
    ),
    slaKept: rate(
      count(kept, { ...any, sla: "kept" }),
      count([...kept, ...missed], { ...any, sla: "decided" }),
    ),
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
