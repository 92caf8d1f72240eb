import type { Severity } from "../../../model/observation.ts";
import type { Draft } from "../../observe.ts";
import { lookUp } from "../loose.ts";

/** One check of the benchmark, of the JSON report or the log. */
export interface Check {
  readonly id: string;
  readonly desc: string;
  /** PASS, WARN, INFO, NOTE; FAIL of forks. */
  readonly result: string;
  /** What was found: containers, files. */
  readonly details: string;
  readonly remediation: string;
}

/** It has no severities; these are ours, and err on the bad side. */
const severities: Readonly<Record<string, Severity>> = {
  FAIL: "critical",
  WARN: "high",
  INFO: "low",
  NOTE: "info",
};

/** What did not pass, but for what a person has to look at: of that the tool itself says nothing. */
export function draftsOf(check: Check): readonly Draft[] {
  const result = check.result.toUpperCase();
  if (result === "PASS" || check.desc.includes("(Manual)")) return [];
  return [
    {
      rule: check.id || check.desc,
      severity: lookUp(severities, result),
      severityStated: false,
      title: `${check.id} ${check.desc}`.trim(),
      message: [check.details, check.remediation].filter((part) => part !== "").join("\n"),
      kind: "host",
      place: { kind: "resource", name: "docker" },
    },
  ];
}
