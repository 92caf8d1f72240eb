import type { Severity } from "../../../model/observation.ts";
import { type Draft, cweIn } from "../../observe.ts";
import type { Summary } from "../format.ts";
import { gaps, lookUp, wholeness } from "../loose.ts";

/** One test of testssl, in whatever syntax. */
export interface Row {
  readonly id: string;
  readonly host: string;
  readonly port: string;
  readonly severity: string;
  readonly finding: string;
  readonly cve: string;
  readonly cwe: string;
}

const severities: Readonly<Record<string, Severity | "none" | "gap">> = {
  LOW: "low",
  MEDIUM: "medium",
  HIGH: "high",
  CRITICAL: "critical",
  OK: "none",
  INFO: "none",
  DEBUG: "none",
  WARN: "gap",
  FATAL: "gap",
};

/** What sums the other rows up is no hit of its own. */
const ratings =
  /^(?:rating_(?:spec|doc)|(?:protocol_support|key_exchange|cipher_strength)_score(?:_weighted)?|final_score|overall_grade|grade_cap_reason_\d{1,3})$/;

const most = 1_000;

/**
 * Reads the rows of a report: those with a severity are hits, one a row however many CVE numbers it names. `WARN` is
 * a test that could not be made, `FATAL` a target that could not be talked to: both are gaps, and no hits.
 */
export function readRows() {
  const left = gaps();
  const targets = new Set<string>();
  const ended = new Set<string>();
  let all = false;
  let assertions = 0;
  return {
    row(row: Row): readonly Draft[] {
      const severity = lookUp(severities, row.severity.toUpperCase());
      const target = `${row.host}:${row.port}`.slice(0, 256);
      if (row.host !== "" && targets.size < most) targets.add(target);
      // The grade comes after all other tests.
      if (row.id === "overall_grade" && ended.size < most) ended.add(target);
      if (row.id === "scanTime" && severity === "none") all = true;
      if (severity === "gap") {
        left.add(`${row.id}: ${row.finding}`);
        return [];
      }
      assertions += 1;
      return severity === "none" || ratings.test(row.id) ? [] : [draftOf(row, severity)];
    },
    /** `ended`: the report has a mark of its end, and it stood there. */
    summary(atEnd = false): Summary {
      const open = all || atEnd ? undefined : [...targets].find((one) => !ended.has(one));
      return {
        tool: { name: "testssl", version: "unknown" },
        ...(targets.size === 0 ? {} : { subject: [...targets].toSorted().join(", ") }),
        exercised: { assertions },
        ...wholeness(
          left.say("test could not be made", "tests could not be made"),
          open === undefined ? undefined : `the end of ${open}`,
          assertions === 0 ? "no test was made" : undefined,
        ),
      };
    },
  };
}

function draftOf(row: Row, severity: Severity | null): Draft {
  return {
    rule: row.id,
    severity,
    title: `${row.id}: ${row.finding}`,
    message: row.finding,
    kind: "network",
    place: { kind: "port", host: row.host, port: Number(row.port) },
    cwe: cweIn([row.cwe]),
    aliases: row.cve.split(/\s+/, 64).filter((cve) => cve !== ""),
  };
}

/** `www.example.org/192.0.2.1`: the name, or the address where there is no name. */
export function hostOf(text: string): string {
  const [name = "", address = ""] = text.split("/", 2);
  return name || address;
}
