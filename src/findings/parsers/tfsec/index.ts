import { z } from "zod";
import type { Severity } from "../../../model/observation.ts";
import type { Draft } from "../../observe.ts";
import type { Format } from "../format.ts";
import { count, fieldOf, isRecord, lookUp, many, words } from "../loose.ts";

const Result = z.object({
  rule_id: words,
  long_id: words,
  legacy_rule_id: words,
  rule_description: words,
  impact: words,
  resolution: words,
  description: words,
  /** Before 0.39 one address in a sentence, then a list. */
  link: words,
  links: many(words),
  severity: words,
  /** Before 0.39. */
  passed: z.boolean().nullish(),
  /** `failed`, `passed`, `ignored`; since 1.0 their numbers. */
  status: words,
  resource: words,
  location: z
    .object({ filename: words, start_line: count })
    .nullish()
    .transform((place) => place ?? { filename: "", start_line: null }),
});

const Frame = z.object({ results: z.array(z.unknown()).nullish() });

/** ERROR and WARNING are the words of versions before 0.34. */
const severities: Readonly<Record<string, Severity>> = {
  CRITICAL: "critical",
  HIGH: "high",
  ERROR: "high",
  MEDIUM: "medium",
  WARNING: "medium",
  LOW: "low",
  INFO: "info",
  NONE: "info",
};

/**
 * tfsec's JSON, of versions before 0.39 and after. What it was asked to ignore counts, marked as suppressed; what
 * passed (`--include-passed`) is only counted. A report without any result is `{"results": null}`.
 */
export const tfsec: Format = {
  id: "tfsec",
  title: "tfsec (JSON)",
  syntax: "json",
  items: [{ path: ["results", "*"] }],
  recognise(sample) {
    if (sample.syntax !== "json" || !isRecord(sample.value)) return false;
    const results = fieldOf(sample.value, "results");
    if (results === null) return Object.keys(sample.value).length === 1;
    return (
      Array.isArray(results) &&
      results.length > 0 &&
      results.every(
        (one) => fieldOf(one, "rule_id") !== undefined && isRecord(fieldOf(one, "location")),
      )
    );
  },
  open(frame) {
    Frame.parse(frame);
    let assertions = 0;
    return {
      item(value) {
        assertions += 1;
        return draftsOf(Result.parse(value));
      },
      end: () => ({
        tool: { name: "tfsec", version: "unknown" },
        ...(assertions === 0 ? {} : { exercised: { assertions } }),
        complete: true,
      }),
    };
  },
};

function draftsOf(result: z.infer<typeof Result>): readonly Draft[] {
  const status = result.status.toLowerCase();
  if (result.passed === true || status === "passed" || status === "1") return [];
  const ids = [result.long_id, result.rule_id, result.legacy_rule_id].filter((id) => id !== "");
  const [rule = "unnamed", ...others] = ids;
  const scope = result.resource || resourceIn(result.description);
  return [
    {
      rule,
      severity: lookUp(severities, result.severity.toUpperCase()),
      title: result.rule_description || result.description,
      message: [result.description, result.impact, result.resolution].filter(Boolean).join("\n"),
      kind: "infrastructure",
      place: {
        kind: "file",
        path: result.location.filename,
        line: result.location.start_line ?? undefined,
      },
      scope,
      aliases: others.filter((id) => id !== rule),
      references: result.links.length > 0 ? result.links : linksIn(result.link),
      suppressed: status === "ignored" || status === "2",
    },
  ];
}

/** Old versions name the resource in a sentence only: `Resource 'google_container_cluster.main' does not …`. */
function resourceIn(sentence: string): string {
  return /^(?:Resource|Block|Data|Module) '([^']{1,500})'/.exec(sentence)?.[1] ?? "";
}

function linksIn(sentence: string): readonly string[] {
  return sentence.split(/\s+/, 20).filter((word) => /^https?:\/\//.test(word));
}
