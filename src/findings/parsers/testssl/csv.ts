import { z } from "zod";
import type { Severity } from "../../../model/observation.ts";
import { type Draft, cweIn } from "../../observe.ts";
import type { Format } from "../format.ts";
import { gaps, lookUp, wholeness, words } from "../loose.ts";

const Row = z.object({
  id: words,
  "fqdn/ip": words,
  port: words,
  severity: words,
  finding: words,
  cve: words,
  cwe: words,
});

/** null: no hit. */
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

/**
 * testssl's CSV (`--csvfile`), read as its JSON is: rows with a severity are hits, one a row however many CVE
 * numbers it names. `WARN` is a test that could not be made, `FATAL` a target that could not be talked to.
 */
export const testsslCsv: Format = {
  id: "testssl-csv",
  title: "testssl.sh (CSV)",
  syntax: "csv",
  recognise: (sample) => sample.syntax === "csv" && isHeader(sample.header),
  open(frame) {
    z.array(z.string()).refine(isHeader, "it is no header of testssl").parse(frame);
    const left = gaps();
    const targets = new Set<string>();
    const ended = new Set<string>();
    let assertions = 0;
    return {
      item(value) {
        const row = Row.parse(value);
        if (row.id === "") return [];
        const severity = lookUp(severities, row.severity.toUpperCase());
        const target = `${hostOf(row["fqdn/ip"])}:${row.port}`;
        if (targets.size < maxTargets) targets.add(target);
        if (isLast(row.id) && severity !== "gap" && ended.size < maxTargets) ended.add(target);
        if (severity === "gap") left.add(`${row.id}: ${row.finding}`);
        else assertions += 1;
        if (severity === "none" || severity === "gap" || ratings.test(row.id)) return [];
        return [draftOf(row, severity)];
      },
      end() {
        const openTarget = [...targets].find((target) => !ended.has(target));
        return {
          tool: { name: "testssl", version: "unknown" },
          ...(targets.size === 0 ? {} : { subject: [...targets].toSorted().join(", ") }),
          exercised: { assertions },
          ...wholeness(
            left.say("test could not be made", "tests could not be made"),
            openTarget === undefined ? undefined : `the end of ${openTarget}`,
            assertions === 0 ? "no test was made" : undefined,
          ),
        };
      },
    };
  },
};

/**
 * The CSV has no line for its end, as the JSON has with `scanTime` (which is taken here as well). The grade is
 * written after all tests, by a scan that made them all: others cannot be told from those that broke off.
 */
function isHeader(header: readonly string[]): boolean {
  return header[0] === "id" && header[1] === "fqdn/ip" && header.includes("finding");
}

function isLast(id: string): boolean {
  return id === "overall_grade" || id === "scanTime";
}

const maxTargets = 1_000;

function draftOf(row: z.infer<typeof Row>, severity: Severity | null): Draft {
  return {
    rule: row.id,
    severity,
    title: `${row.id}: ${row.finding}`,
    message: row.finding,
    kind: "network",
    place: { kind: "port", host: hostOf(row["fqdn/ip"]), port: Number(row.port) },
    cwe: cweIn([row.cwe]),
    aliases: row.cve.split(/\s+/, 64).filter((cve) => cve !== ""),
  };
}

/** `www.example.org/192.0.2.1`: the name, or the address where there is no name. */
function hostOf(text: string): string {
  const [name = "", address = ""] = text.split("/", 2);
  return name || address;
}
