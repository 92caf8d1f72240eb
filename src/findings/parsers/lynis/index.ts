import type { Severity } from "../../../model/observation.ts";
import type { Format } from "../format.ts";

/** Lists whose entries are hits. lynis gives no severities; these are ours. */
const lists: Readonly<Record<string, Severity>> = {
  "vulnerable_package[]": "high",
  "warning[]": "medium",
  "exception_event[]": "low",
  "suggestion[]": "low",
};

const begins = "# Lynis Report";

/**
 * lynis' `report.dat`: lines `key=value`; a hit is `warning[]=<test>|<text>|<details>|<solution>|`. A report
 * without its last lines is one of an audit that broke off.
 */
export const lynis: Format = {
  id: "lynis",
  title: "Lynis (report.dat)",
  syntax: "text",
  recognise: (sample) => sample.syntax === "text" && sample.lines[0]?.startsWith(begins) === true,
  open() {
    /** The first value of each key that is no list. */
    const about = new Map<string, string>();
    let first = true;
    return {
      item(value) {
        const line = String(value);
        if (first && !line.startsWith(begins)) throw new Error("it is no report of lynis");
        first = false;
        const at = line.indexOf("=");
        if (at < 1 || line.startsWith("#")) return [];
        const key = line.slice(0, at);
        const rest = line.slice(at + 1);
        const severity = Object.hasOwn(lists, key) ? lists[key] : undefined;
        if (severity === undefined) {
          if (asked.has(key) && !about.has(key)) about.set(key, rest);
          return [];
        }
        const [test = "", what = "", details = "", solution = ""] = rest.split("|");
        const said = [what, details, solution].filter((part) => part !== "" && part !== "-");
        const vulnerable = key === "vulnerable_package[]";
        return [
          {
            rule: vulnerable ? "vulnerable-package" : test,
            kind: "host",
            severity,
            severityStated: false,
            title: vulnerable ? `${test} ${what}` : what,
            message: said.join("; "),
            // Its name stands among the first lines.
            place: { kind: "resource", name: `${about.get("hostname") ?? "host"}: ${test}` },
            scope: vulnerable ? "" : aboutWhat(what, details),
          },
        ];
      },
      end() {
        if (first) throw new Error("it is no report of lynis");
        const finished = about.get("finish") === "true" || about.has("report_datetime_end");
        const tests = (about.get("tests_executed") ?? "").split("|").filter(Boolean);
        const host = about.get("hostname");
        // Of some tests only (`--tests-from-group`): another scan than one of all.
        const parts = ["test_category", "test_group"]
          .map((key) => about.get(key) ?? "all")
          .filter((part) => part !== "all");
        return {
          exercised: { assertions: tests.length },
          tool: { name: "lynis", version: about.get("lynis_version") ?? "unknown" },
          ...(host ? { subject: [host, ...parts].join(", ") } : {}),
          ...(finished ? { complete: true } : { complete: false, missing: "its end" }),
        };
      },
    };
  },
};

/**
 * One test says several things: `protocol 'dccp'` and `protocol 'sctp'`, or a setting in its details
 * (`AllowTcpForwarding (set YES to NO)`). Its words tell them apart, without what it counted or measured.
 */
function aboutWhat(what: string, details: string): string {
  const setting = details === "-" ? "" : (details.slice(0, 512).split(" (", 1)[0] ?? "");
  return `${what.slice(0, 400).replaceAll(/\d+/g, "#")} ${setting}`.trim();
}

const asked: ReadonlySet<string> = new Set([
  "hostname",
  "finish",
  "report_datetime_end",
  "tests_executed",
  "lynis_version",
  "test_category",
  "test_group",
]);
