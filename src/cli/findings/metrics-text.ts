import type {
  CountView,
  FindingMetrics,
  RateView,
  SpanView,
} from "../../api/views/finding-metrics.ts";
import { filterWords } from "./finding-text.ts";

/** The numbers as tables: each line ends with the command that lists what it counts. */

export interface MetricsSection {
  readonly title: string;
  readonly lines: readonly MetricsLine[];
  /** Said where there is no line. */
  readonly empty: string;
}

interface MetricsLine {
  readonly name: string;
  readonly value: string;
  /** Words for `tidelock findings list`; null where the rows stand elsewhere. */
  readonly rows: string | null;
}

export function metricsSections(metrics: FindingMetrics): readonly MetricsSection[] {
  const { open, found, time, trend, coverage } = metrics;
  const since = metrics.from.slice(0, 10);
  return [
    {
      title: "How many are open",
      empty: "none",
      lines: [
        line("all", open.total),
        line("past their date", open.overdue),
        ...open.bySeverity.map((one) => line(one.name, one)),
        ...open.byKind.map((one) => line(`kind ${one.name}`, one)),
        ...open.byService.map((one) => line(`service ${one.name}`, one)),
        ...open.byEnvironment.map((one) =>
          line(
            one.name === "-" ? "seen first in no environment" : `seen first in ${one.name}`,
            one,
          ),
        ),
      ],
    },
    {
      title: `How they were found, since ${since}`,
      empty: "none was",
      lines: [
        line("all", found.total),
        ...found.tools.flatMap((one) => [
          line(`by ${one.tool}`, one.found),
          line(`  before any other`, one.first),
          rateLine(`  by no other`, one.only, metrics),
          rateLine(`  false, of what was judged`, one.noise, metrics),
        ]),
        ...found.stages.map((one) => line(`stage ${one.name}`, one)),
        rateLine("escaped to production", found.escaped, metrics),
      ],
    },
    {
      title: `How long until production ran without them, closed since ${since}`,
      empty: "none was closed",
      lines: time.toProduction.map((one) => spanLine(one.severity, one, metrics)),
    },
    {
      title: "How old what is open is",
      empty: "nothing is open",
      lines: [
        ...time.openAge.map((one) => spanLine(one.severity, one, metrics)),
        ...time.ages.filter(({ n }) => n > 0).map((one) => line(one.name, one)),
      ],
    },
    {
      title: "Better or worse",
      empty: "",
      lines: [
        ...busyWeeks(trend.weeks).map(({ from, until, opened, closed, net }) => ({
          name: `week of ${from.slice(0, 10)}`,
          value: `${sign(net)} net: ${opened.n} found, ${closed.n} closed`,
          rows: `--status any --found-from ${from} --found-until ${until}`,
        })),
        rateLine("came back", trend.reopened, metrics),
        rateLine("closed by their date", trend.slaKept, metrics),
        spanLine("called false positives, for", trend.falsePositives, metrics),
        spanLine("accepted risks, for", trend.acceptedRisks, metrics),
        ...oldestAccepted(trend.acceptedRisks.oldest),
      ],
    },
    {
      title: "Live releases with a complete, trusted scan",
      empty: "nothing is live",
      lines: [
        ...(coverage.live.length === 0 ? [] : coverage.kinds).map(({ kind, n, of }) => ({
          name: kind,
          value: `${n} of ${of}`,
          rows: null,
        })),
        ...coverage.live.map((lane) => ({
          name: `${lane.service} in ${lane.environment}`,
          value:
            lane.scans
              .map((scan) => `${scan.tool} ${scan.at.slice(0, 10)} (${scan.import})`)
              .join(", ") || "no scan",
          rows: null,
        })),
      ],
    },
  ];
}

function oldestAccepted(
  oldest: FindingMetrics["trend"]["acceptedRisks"]["oldest"],
): readonly MetricsLine[] {
  if (oldest === null) return [];
  const { finding, waiver, environment, since, ageMs } = oldest;
  const value = `${finding} in ${environment}, for ${daysText(ageMs)}, since ${since.slice(0, 10)} (now ${waiver})`;
  return [{ name: "  the oldest", value, rows: null }];
}

/** From the first week on in which anything happened; the weeks before say nothing. */
function busyWeeks(weeks: FindingMetrics["trend"]["weeks"]): FindingMetrics["trend"]["weeks"] {
  const first = weeks.findIndex(({ opened, closed }) => opened.n + closed.n > 0);
  return weeks.slice(first === -1 ? weeks.length : first);
}

function line(name: string, { n, rows }: CountView): MetricsLine {
  return { name, value: n.toLocaleString("en"), rows: filterWords(rows) };
}

function rateLine(name: string, one: RateView, { enough }: FindingMetrics): MetricsLine {
  const share =
    one.share === null ? `too few to say (under ${enough})` : `${(one.share * 100).toFixed(1)} %`;
  return { name, value: `${one.n} of ${one.of}: ${share}`, rows: filterWords(one.rows) };
}

function spanLine(name: string, one: SpanView, { enough }: FindingMetrics): MetricsLine {
  const value =
    one.medianMs === null || one.p90Ms === null
      ? `too few to say (${one.n}, under ${enough})`
      : `median ${daysText(one.medianMs)}, 90 % within ${daysText(one.p90Ms)} (of ${one.n})`;
  return { name, value, rows: filterWords(one.rows) };
}

/** `40 min`, `7 h`, `12 d` */
function daysText(ms: number): string {
  // Ages are counted in whole hours.
  if (ms === 0) return "under 1 h";
  if (ms < 3_600_000) return `${Math.max(1, Math.round(ms / 60_000))} min`;
  if (ms < 2 * 86_400_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}

function sign(n: number): string {
  return n > 0 ? `+${n}` : String(n);
}
