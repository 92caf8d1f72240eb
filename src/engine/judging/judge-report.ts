import { z } from "zod";
import { judge } from "../../findings/judge.ts";
import type { CheckReport } from "../../model/verdict.ts";
import { scanThresholds } from "../../ports/check.ts";
import { type ReadLimits, readReport } from "./read-report.ts";

const Thresholds = z.object({
  ...scanThresholds,
  baseline: z.enum(["none", "live"]).optional(),
});

/**
 * What a scanner's report comes to: its raw report is read, counted and held against the thresholds of the
 * demand. A raw report that is missing, was cut, has a format without a parser or does not parse is
 * `error`, never a pass (law 2). Of a scan that was not whole, a hit at `failOn` is a `fail` all the same.
 */
export async function judgeReport(
  report: CheckReport,
  configuration: unknown,
  limits?: ReadLimits,
): Promise<CheckReport> {
  const whole = report.verdict === "pass" || report.verdict === "warn";
  const spoilt = (why: string): CheckReport =>
    whole ? { ...report, verdict: "error", summary: `${why}; ${report.summary}` } : report;
  const { raw } = report;
  if (raw === undefined) return spoilt("the scanner handed back no raw report");
  if (raw.truncated) return spoilt("its raw report was cut, so what was hit is not known");
  const thresholds = Thresholds.safeParse(configuration);
  if (!thresholds.success) return spoilt("its thresholds do not fit");
  const answer = await readReport({ format: raw.format, text: raw.text }, limits);
  if (!answer.ok) return spoilt(`its raw report (${raw.format}) cannot be read: ${answer.why}`);
  return judge(report, answer.found, thresholds.data);
}
