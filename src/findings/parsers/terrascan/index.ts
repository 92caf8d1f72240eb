import { z } from "zod";
import type { Severity } from "../../../model/observation.ts";
import { type Draft, severityOfScore } from "../../observe.ts";
import type { Format } from "../format.ts";
import { count, fieldOf, gaps, isRecord, lookUp, many, wholeness, words } from "../loose.ts";

const Violation = z.object({
  rule_name: words,
  description: words,
  rule_id: words,
  severity: words,
  category: words,
  skip_comment: words,
  resource_name: words,
  resource_type: words,
  module_name: words,
  file: words,
  line: count,
});

/** Of images that the code names, with `--find-vuln`. */
const Vulnerability = z.object({
  image: words,
  package: words,
  severity: words,
  cvss_score: z
    .object({ v2_vector: words, v3_vector: words, v2_score: count, v3_score: count })
    .nullish(),
  installed_version: words,
  description: words,
  vulnerability_id: words,
  primary_url: words,
});

const ScanError = z.object({ iac_type: words, directory: words, errMsg: words });

const Frame = z.object({
  results: z.object({
    scan_errors: many(ScanError),
    /** Before 1.2 in place of the summary. */
    count: z.object({ total: count }).nullish(),
    scan_summary: z
      .object({
        "file/folder": words,
        iac_type: words,
        scanned_at: words,
        policies_validated: count,
      })
      .nullish(),
  }),
});

const severities: Readonly<Record<string, Severity>> = {
  CRITICAL: "critical",
  HIGH: "high",
  MEDIUM: "medium",
  LOW: "low",
  NEGLIGIBLE: "info",
  NONE: "info",
};

/**
 * Terrascan's JSON. Rules that were skipped by a comment count, marked as suppressed. Asked for all kinds of code
 * it says of every kind that is not there that it found none: that is nothing left out, other errors are.
 */
export const terrascan: Format = {
  id: "terrascan",
  title: "Terrascan (JSON)",
  syntax: "json",
  items: [
    { path: ["results", "violations", "*"] },
    { path: ["results", "skipped_violations", "*"] },
    { path: ["results", "vulnerabilities", "*"] },
    { path: ["results", "passed_rules", "*"] },
  ],
  recognise(sample) {
    if (sample.syntax !== "json") return false;
    const results = fieldOf(sample.value, "results");
    return (
      isRecord(results) &&
      (Object.hasOwn(results, "violations") || Object.hasOwn(results, "scan_errors")) &&
      (isRecord(fieldOf(results, "scan_summary")) || isRecord(fieldOf(results, "count")))
    );
  },
  open(frame) {
    const { results } = Frame.parse(frame);
    const summary = results.scan_summary;
    const errors = gaps();
    for (const error of results.scan_errors) {
      if (summary?.iac_type === "all" && isAbsence(error.errMsg)) continue;
      errors.add(`${error.iac_type} in ${error.directory}: ${error.errMsg}`);
    }
    return {
      item(value, at) {
        if (at.item === 2) return [ofImage(Vulnerability.parse(value))];
        if (at.item === 3) return [];
        return [ofViolation(Violation.parse(value), at.item === 1)];
      },
      end: () => ({
        tool: { name: "terrascan", version: "unknown" },
        ...(summary?.["file/folder"] ? { subject: summary["file/folder"] } : {}),
        ...(summary?.scanned_at ? { madeAt: instantOf(summary.scanned_at) } : {}),
        ...(summary?.policies_validated
          ? { exercised: { assertions: summary.policies_validated } }
          : {}),
        ...wholeness(
          summary || results.count ? undefined : "its summary",
          errors.say("error while scanning", "errors while scanning"),
        ),
      }),
    };
  },
};

/** What it says when there is no code of that kind, in its versions. */
function isAbsence(message: string): boolean {
  return /not found in (?:the )?directory|^no .{1,100} found|has no .{1,60} (?:config )?files/i.test(
    message.slice(0, 500),
  );
}

/** `2021-05-19 13:13:06.083208 +0000 UTC` as RFC 3339; other texts as they are. */
function instantOf(text: string): string {
  const found = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d{1,3})?\d* \+0000/.exec(text);
  return found ? `${found[1]}T${found[2]}${found[3] ?? ""}Z` : text;
}

function ofViolation(one: z.infer<typeof Violation>, suppressed: boolean): Draft {
  const resource = [one.module_name === "root" ? "" : one.module_name, one.resource_type]
    .concat(one.resource_name)
    .filter((part) => part !== "")
    .join(".");
  return {
    rule: one.rule_id || one.rule_name,
    severity: lookUp(severities, one.severity.toUpperCase()),
    title: one.description || one.rule_name,
    message: [one.description, one.category, one.skip_comment].filter(Boolean).join("\n"),
    kind: "infrastructure",
    place:
      one.file === ""
        ? { kind: "resource", name: resource }
        : { kind: "file", path: one.file, line: one.line ?? undefined },
    scope: resource,
    suppressed,
  };
}

function ofImage(one: z.infer<typeof Vulnerability>): Draft {
  const { v2_score: second, v3_score: third, v2_vector, v3_vector } = one.cvss_score ?? {};
  const id = one.vulnerability_id;
  return {
    rule: id,
    severity:
      lookUp(severities, one.severity.toUpperCase()) ?? severityOfScore(third ?? second ?? null),
    message: one.description,
    place: { kind: "package", name: one.package, version: one.installed_version, path: one.image },
    aliases: id === "" ? [] : [id],
    references: [one.primary_url],
    cvss: [
      ...(third ? [{ version: "3.1" as const, score: third, vector: v3_vector ?? "" }] : []),
      ...(second ? [{ version: "2.0" as const, score: second, vector: v2_vector ?? "" }] : []),
    ],
  };
}
