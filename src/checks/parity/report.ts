import type { CheckReport, Verdict } from "../../model/verdict.ts";
import type { EnvironmentComparison } from "../../ports/environment-comparison.ts";
import type { ComparedAnswers } from "./answers.ts";
import type { Difference } from "./classes.ts";
import type { Comparison } from "./compare.ts";
import { type ParityConfiguration, severityOf } from "./schema.ts";

type Result = CheckReport["results"][number];

/** Whether a key of the configuration is a feature flag. */
export function flagIn({ flags }: Pick<ParityConfiguration, "flags">): (key: string) => boolean {
  return (key) => flags.some((pattern) => matches(pattern, key));
}

function matches(pattern: string, key: string): boolean {
  const part = pattern.replaceAll("*", "");
  const [open, close] = [pattern.startsWith("*"), pattern.endsWith("*")];
  if (open && close) return key.includes(part);
  return open ? key.endsWith(part) : close ? key.startsWith(part) : key === part;
}

/** What a difference is worth: what was declared with a reason, and what is switched off, passes. */
export function judge(difference: Difference, configuration: ParityConfiguration): Result {
  const { class: which, place, message, mild } = difference;
  const reason = acceptedBecause(difference, configuration);
  const text = `${which}: ${message}`;
  if (reason !== null)
    return { name: place, verdict: "pass", message: `${text}; accepted: ${reason}` };
  const severity = severityOf(configuration, which);
  if (severity === "off") return { name: place, verdict: "pass", message: text };
  // Only what its default stops: who asked for a failure gets one.
  const capped = mild === true && configuration.severity[which] === undefined;
  return { name: place, verdict: capped ? "warn" : severity, message: text };
}

function acceptedBecause(
  { class: which, place }: Difference,
  { differs, accept }: ParityConfiguration,
): string | null {
  const declared = differs.find(({ key }) => place === `key ${key}`);
  if (declared) return declared.reason;
  const accepted = accept.find(
    (one) => one.class === which && (one.place === undefined || one.place === place),
  );
  return accepted?.reason ?? null;
}

/** The report of a comparison that had something to compare with. */
export function reportOf(
  comparison: EnvironmentComparison,
  records: Comparison,
  answers: ComparedAnswers | null,
  configuration: ParityConfiguration,
): CheckReport {
  const { environment, here, there } = comparison;
  const found = [...records.differences, ...(answers?.differences ?? [])];
  const judged = found.map((one) => judge(one, configuration));
  const verdict = worst(judged);
  const compared = records.compared + (answers?.compared ?? 0);
  const other = `${there?.releaseName} in ${environment}`;
  return {
    verdict,
    summary: summarise(verdict, judged, `${compared} things compared with ${other}`),
    exercised: {
      requests: answers?.answers ?? 0,
      assertions: compared,
      files: 0,
    },
    tools: { node: process.version },
    data: {
      compared: `${there?.releaseName} ${there?.release}`,
      "configuration keys": String(comparison.keys.length),
      "running programs":
        here.programs && there?.programs ? "compared" : "not shown by this system",
    },
    // A report has an end: what counts most comes first.
    results: [
      ...judged.toSorted((one, two) => rank(one.verdict) - rank(two.verdict)),
      ...unused(found, comparison, configuration),
      ...(answers?.noise ?? []).map((place): Result => {
        return {
          name: place,
          verdict: "pass",
          message: "not compared: it differs from one answer to the next",
        };
      }),
      ...(answers === null
        ? [
            {
              name: "answers",
              verdict: "pass",
              message: `not compared: ${whyNotAsked(comparison, configuration)}`,
            } as const,
          ]
        : []),
      ...(found.length === 0
        ? [{ name: "parity", verdict: "pass", message: "no difference" } as const]
        : []),
    ],
  };
}

/** Nothing is live over there: what that is worth stands in the configuration. */
export function nothingReport(why: string, { withoutOther }: ParityConfiguration): CheckReport {
  return {
    verdict: withoutOther,
    summary: `nothing to compare with: ${why}`,
    // That there is nothing is what was found out.
    exercised: { requests: 0, assertions: 1, files: 0 },
    tools: { node: process.version },
    results: [
      { name: "environment", verdict: withoutOther, message: `nothing to compare with: ${why}` },
    ],
  };
}

/** Declared to differ, and it does not: the declaration can go, or the key was renamed. */
function unused(
  found: readonly Difference[],
  { keys }: EnvironmentComparison,
  { differs }: ParityConfiguration,
): readonly Result[] {
  return differs
    .filter(({ key }) => !found.some(({ place }) => place === `key ${key}`))
    .map(({ key }): Result => {
      const one = keys.find(({ name }) => name === key);
      const why =
        one === undefined
          ? "neither side has this key"
          : one.same === null
            ? "it is a secret on both sides, which is not compared"
            : "it is the same on both sides";
      return { name: `key ${key}`, verdict: "pass", message: `declared to differ: ${why}` };
    });
}

function whyNotAsked(
  { environment, there }: EnvironmentComparison,
  { paths }: ParityConfiguration,
): string {
  if (paths.length === 0) return "no `paths` are declared";
  return there?.router
    ? `the router of ${environment} sends no users to what is live there`
    : `${environment} has no router`;
}

const worstFirst: readonly Verdict[] = ["fail", "warn", "pass"];

function rank(verdict: Verdict): number {
  return worstFirst.indexOf(verdict);
}

function worst(results: readonly Result[]): Verdict {
  return worstFirst.find((one) => results.some(({ verdict }) => verdict === one)) ?? "pass";
}

function summarise(verdict: Verdict, results: readonly Result[], compared: string): string {
  if (verdict === "pass") return `${compared}: no difference that counts`;
  const bad = results.filter((one) => one.verdict !== "pass");
  const first = bad.find((one) => one.verdict === verdict);
  const more = bad.length > 1 ? ` (and ${bad.length - 1} more)` : "";
  return `${compared}: ${first?.message}${more}`;
}
