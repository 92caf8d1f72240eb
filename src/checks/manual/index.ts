import { createHash } from "node:crypto";
import type { ManualAnswers, SessionFinding } from "../../model/manual-check.ts";
import type { Severity } from "../../model/observation.ts";
import type { CheckReport } from "../../model/verdict.ts";
import type { Check, PersonsAnswer } from "../../ports/check.ts";
import { type SarifResult, sarifRule, writeSarif } from "../sarif.ts";
import { formOf, ManualConfiguration } from "./schema.ts";

const version = "1.0.0";

/** Such as CVSS has them, in the middle of each band. */
const scores: Readonly<Record<Severity, number>> = {
  critical: 9.5,
  high: 8,
  medium: 5.5,
  low: 2,
  info: 0,
};

/**
 * What only a person can say: a checklist, or an exploratory session of an expert. The promotion waits for a signed
 * answer; what failed or was found is judged by thresholds like a scanner's hits.
 */
export const manual: Check<typeof ManualConfiguration> = {
  id: "manual",
  schema: ManualConfiguration,
  touch: (configuration) =>
    configuration.kind === "session" && !configuration.passive ? "intrusive" : "passive",
  cost: "people",
  disturbs: ["data", "sessions"],
  sensitiveTo: ["load", "availability"],
  judgedBy: "observations",
  purpose: "told",
  form: formOf,
  run: async ({ answered }, configuration) =>
    answered ? reportOf(answered, configuration) : nobodyAnswered(configuration),
};

function nobodyAnswered({ role, answerWithin }: ManualConfiguration): CheckReport {
  return {
    verdict: "missing",
    summary: `nobody with the role ${role} answered within ${words(answerWithin)}`,
    exercised: { requests: 0, assertions: 0, files: 0 },
    tools: {},
    results: [],
  };
}

function reportOf(answered: PersonsAnswer, configuration: ManualConfiguration): CheckReport {
  const { answers } = answered;
  const { text, omitted } = writeSarif({
    tool: "manual",
    version,
    rules: rulesOf(configuration, answers),
    results: resultsOf(configuration, answers),
    properties: { tidelock: { answer: answered.digest, person: answered.person, answers } },
  });
  const short = tooShort(answered, configuration);
  return {
    verdict: omitted > 0 ? "partial" : short === null ? "pass" : "inconclusive",
    summary: [summaryOf(answered, configuration), short].filter((part) => part !== null).join("; "),
    exercised: { requests: 0, assertions: countOf(answers), files: 0, identities: 1 },
    tools: { manual: version },
    data: {
      answer: answered.digest,
      person: answered.person,
      answered: answered.answeredAt,
      separation: answered.separation,
    },
    results: itemResults(configuration, answers),
    validUntil: answered.validUntil,
    raw: { format: "sarif", text, truncated: false },
  };
}

/** What was really looked at: an item that does not apply was not, and findings say nothing about coverage. */
function countOf(answers: ManualAnswers): number {
  return answers.kind === "checklist"
    ? answers.items.filter(({ result }) => result !== "not-applicable").length
    : answers.covered.length;
}

/** A session counts as long as the server's clock allows and the person says, whichever is less. */
function tooShort(
  { answers, tookMs }: PersonsAnswer,
  configuration: ManualConfiguration,
): string | null {
  if (configuration.kind !== "session" || answers.kind !== "session") return null;
  if (tookMs === null) return "nobody began the session, so its time is not known";
  const spent = Math.min(answers.minutes * 60_000, tookMs);
  return spent >= configuration.atLeast
    ? null
    : `it took ${words(spent)}, and at least ${words(configuration.atLeast)} are asked for`;
}

function summaryOf(
  { answers, person, answeredAt, validUntil, reusedFrom, tookMs }: PersonsAnswer,
  { role }: ManualConfiguration,
): string {
  const who = `${person.slice(0, 15)} answered as ${role} on ${answeredAt}`;
  const again = reusedFrom === null ? "" : `, for ${reusedFrom}`;
  const until = `counts until ${validUntil}`;
  if (answers.kind === "session") {
    const clock = tookMs === null ? "" : ` (${words(tookMs)} by the server's clock)`;
    return `${who}${again}: ${count(answers.minutes, "minute")}${clock}, ${count(answers.covered.length, "area")}, ${count(answers.findings.length, "finding")}; ${until}`;
  }
  const of = (result: string) => answers.items.filter((item) => item.result === result).length;
  // Ids alone: what people wrote beside them can be erased, and this sentence stands in many records.
  const failed = answers.items.filter(({ result }) => result === "fail").map(({ id }) => id);
  const which = failed.length === 0 ? "" : ` (${listed(failed)})`;
  return `${who}${again}: ${of("pass")} passed, ${of("fail")} failed${which}, ${of("not-applicable")} not applicable; ${until}`;
}

function itemResults(
  configuration: ManualConfiguration,
  answers: ManualAnswers,
): CheckReport["results"] {
  if (configuration.kind !== "checklist" || answers.kind !== "checklist") return [];
  return configuration.items.flatMap((item) => {
    const answer = answers.items.find(({ id }) => id === item.id);
    // What does not apply was not tested; the raw report has it with its reason.
    if (!answer || answer.result === "not-applicable") return [];
    const evidence = (answer.evidence ?? []).map((one) => `evidence: ${one}`);
    const message = [answer.comment ?? "", ...evidence].filter((part) => part !== "").join("; ");
    return [{ name: `${item.id}: ${item.text}`, verdict: answer.result, message }];
  });
}

function rulesOf(configuration: ManualConfiguration, answers: ManualAnswers) {
  if (configuration.kind === "checklist") {
    return configuration.items.map(({ id, severity, text }) =>
      sarifRule(id, scores[severity], [], text, text),
    );
  }
  const used = answers.kind === "session" ? answers.findings : [];
  return [...new Set(used.map(({ severity }) => severity))].map((severity) =>
    sarifRule(`session-${severity}`, scores[severity], [], "Found by an expert", "See its message"),
  );
}

function resultsOf(configuration: ManualConfiguration, answers: ManualAnswers): SarifResult[] {
  if (answers.kind === "session") return answers.findings.map(findingResult);
  if (configuration.kind !== "checklist") return [];
  return answers.items.flatMap((answer): SarifResult[] => {
    if (answer.result !== "fail") return [];
    return [
      {
        rule: answer.id,
        message: answer.comment ?? "it failed",
        place: { kind: "logical", name: `item ${answer.id}` },
        fingerprint: fingerprint(answer.id),
      },
    ];
  });
}

function findingResult(finding: SessionFinding): SarifResult {
  const { severity, title, place, description, replay } = finding;
  const [, method, route] = /^([A-Z]{3,10}) (\/\S*)$/.exec(place) ?? [];
  const how = replay === undefined ? "" : `\n\nTo see it again: ${replay}`;
  return {
    rule: `session-${severity}`,
    message: `${title}\n\n${description}${how}`,
    place: { kind: "logical", name: place },
    fingerprint: fingerprint(title, place),
    ...(method === undefined || route === undefined
      ? {}
      : { properties: { tidelock: { method, route } } }),
  };
}

function fingerprint(...parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

function listed(ids: readonly string[]): string {
  const more = ids.length - 5;
  return more > 0 ? `${ids.slice(0, 5).join(", ")} and ${more} more` : ids.join(", ");
}

function count(many: number, what: string): string {
  return `${many} ${what}${many === 1 ? "" : "s"}`;
}

function words(ms: number): string {
  const units = [
    [86_400_000, "d"],
    [3_600_000, "h"],
    [60_000, "min"],
  ] as const;
  const unit = units.find(([size]) => ms >= size && ms % size === 0);
  if (unit) return `${ms / unit[0]} ${unit[1]}`;
  return ms >= 60_000 ? `${Math.floor(ms / 60_000)} min` : `${Math.round(ms / 1_000)} s`;
}
