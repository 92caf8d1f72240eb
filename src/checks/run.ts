import { TidelockError, asTidelockError } from "../model/errors.ts";
import type { CheckDemand } from "../model/pipeline.ts";
import type { Observation } from "../model/observation.ts";
import type { CheckReport, Verdict } from "../model/verdict.ts";
import { redactor, type Redactor } from "../model/redact.ts";
import type { Check, CheckContext } from "../ports/check.ts";
import { cut, keptText } from "./kept-text.ts";

const maxResults = 500;
const maxText = 2_000;
const maxMessage = 1_000;
/** How long a check may go on after it was told to stop. */
const graceMs = 2_000;

export interface RunOptions {
  /** Values that must appear nowhere in the report (law 11). The tester credential is always among them. */
  readonly secrets?: readonly string[];
  /** Judges the raw report of a check that is judged by observations, before anything is cut. */
  readonly judge?: (report: CheckReport, configuration: unknown) => Promise<CheckReport>;
}

/**
 * Runs one check and always answers with a report: a throw, a time limit, a configuration that does not
 * fit and an abort become the verdict `error` (law 2), a pass that exercised nothing `inconclusive`.
 * Secrets are blanked and outputs cut. Retries are the engine's.
 */
export async function runCheck(
  check: Check,
  context: CheckContext,
  demand: Pick<CheckDemand, "name" | "with" | "timeout">,
  options: RunOptions = {},
): Promise<CheckReport> {
  const secrets = [...(options.secrets ?? []), context.tester?.value ?? ""];
  const clean = redactor(secrets);
  const parsed = check.schema.safeParse(demand.with);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = ["with", ...(issue?.path ?? [])].map(String).join(".");
    return tidy(errorReport(`its configuration does not fit: ${field}: ${issue?.message}`), clean);
  }

  const limit = new AbortController();
  const signal = AbortSignal.any([context.signal, limit.signal]);
  const timer = setTimeout(() => limit.abort(), demand.timeout);
  const watch = new AbortController();
  try {
    const own: CheckContext = { ...context, signal, timeoutMs: demand.timeout };
    const report = await Promise.race([
      check.run(own, parsed.data),
      outOfTime(signal, watch.signal),
    ]);
    if (limit.signal.aborted) return tidy(errorReport(tooLate(demand.timeout)), clean);
    clearTimeout(timer);
    const { judge } = options;
    // Judged as it will be kept: without secrets, and cut where it is too long.
    const kept = { ...report, ...(await rawOf(report, secrets)) };
    const judged =
      check.judgedBy === "observations" && judge ? await judge(kept, parsed.data) : kept;
    return tidy(judged, clean);
  } catch (error) {
    if (context.signal.aborted) return errorReport("it was stopped before it ended");
    if (limit.signal.aborted) return tidy(errorReport(tooLate(demand.timeout)), clean);
    return tidy(errorReport(explain(error)), clean);
  } finally {
    clearTimeout(timer);
    watch.abort();
  }
}

/** Rejects some time after the signal, for a check that does not listen to it. */
async function outOfTime(signal: AbortSignal, done: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const end = () => {
      const timer = setTimeout(() => reject(new Error("it did not stop when told to")), graceMs);
      done.addEventListener("abort", () => clearTimeout(timer), { once: true });
    };
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
    done.addEventListener("abort", () => signal.removeEventListener("abort", end), { once: true });
  });
}

function tooLate(ms: number): string {
  return `it did not end within its time limit of ${ms / 1_000} s`;
}

function explain(error: unknown): string {
  const known = asTidelockError(error);
  const where = known.where === undefined ? "" : ` (${known.where})`;
  const hint = known.hint === undefined ? "" : `; ${known.hint}`;
  const bug = error instanceof TidelockError ? "" : "the check broke: ";
  return `${bug}${known.message}${where}${hint}`;
}

export function errorReport(summary: string): CheckReport {
  return {
    verdict: "error",
    summary,
    exercised: { requests: 0, assertions: 0, files: 0 },
    tools: {},
    results: [],
  };
}

/** Cut to what a record takes, free of secrets, and honest about having exercised nothing. */
function tidy(report: CheckReport, redact: Redactor): CheckReport {
  const { clean } = redact;
  const { requests, assertions, files } = report.exercised;
  const hollow =
    requests + assertions + files === 0 && (report.verdict === "pass" || report.verdict === "warn");
  const text = (value: string) => cut(storable(clean(value)), maxText).text;
  const results = [...report.results]
    .sort((a, b) => rank(a.verdict) - rank(b.verdict))
    .slice(0, maxResults)
    .map((result) => ({ ...result, name: text(result.name), message: text(result.message) }));
  return {
    verdict: hollow ? "inconclusive" : report.verdict,
    summary: hollow ? `nothing was exercised: ${text(report.summary)}` : text(report.summary),
    exercised: report.exercised,
    tools: versions(report.tools, text),
    ...(report.data === undefined ? {} : { data: versions(report.data, text) }),
    results,
    ...(report.suppressions === undefined
      ? {}
      : {
          suppressions: report.suppressions.slice(0, maxResults).map((one) => ({
            ...one,
            text: cut(storable(clean(one.text)), 512).text,
            path: text(one.path),
          })),
        }),
    ...(report.counts === undefined ? {} : { counts: report.counts }),
    ...(report.observations === undefined
      ? {}
      : { observations: report.observations.slice(0, maxResults).map(plain(text)) }),
    ...(report.validUntil === undefined ? {} : { validUntil: report.validUntil }),
    ...(report.raw === undefined ? {} : { raw: report.raw }),
  };
}

/** An observation as it stands in a report: its whole message is in the raw one. */
function plain(text: (value: string) => string): (one: Observation) => Observation {
  return (one) => ({
    ...one,
    title: text(one.title),
    message: cut(text(one.message), maxMessage).text,
    rule: text(one.rule),
    place: Object.fromEntries(
      Object.entries(one.place).map(([key, value]) => [
        key,
        typeof value === "string" ? text(value) : value,
      ]),
    ) as Observation["place"],
    aliases: one.aliases.map(text),
    ...(one.fixedIn === undefined ? {} : { fixedIn: text(one.fixedIn) }),
    ...(one.fingerprint === undefined ? {} : { fingerprint: text(one.fingerprint) }),
  });
}

/** The raw report without secrets and cut to what is kept. */
async function rawOf(
  { raw }: CheckReport,
  secrets: readonly string[],
): Promise<Pick<CheckReport, "raw">> {
  return raw === undefined
    ? {}
    : { raw: { format: raw.format, ...(await keptText(raw, secrets)) } };
}

function versions(
  named: Readonly<Record<string, string>>,
  text: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(named).map(([name, value]) => [text(name), text(value)]),
  );
}

/** What went wrong first; equals stay in their order. */
function rank(verdict: Verdict): number {
  return verdict === "pass" ? 2 : verdict === "warn" ? 1 : 0;
}

/** PostgreSQL's JSON takes every character but this one. */
function storable(text: string): string {
  return text.replaceAll("\u0000", "\uFFFD");
}
