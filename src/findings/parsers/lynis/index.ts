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
          },
        ];
      },
      end() {
        if (first) throw new Error("it is no report of lynis");
        const finished = about.get("finish") === "true" || about.has("report_datetime_end");
        const tests = (about.get("tests_executed") ?? "").split("|").filter(Boolean);
        const host = about.get("hostname");
        return {
          exercised: { assertions: tests.length },
          tool: { name: "lynis", version: about.get("lynis_version") ?? "unknown" },
          ...(host ? { subject: host } : {}),
          ...(finished ? { complete: true } : { complete: false, missing: "its end" }),
        };
      },
    };
  },
};

const asked: ReadonlySet<string> = new Set([
  "hostname",
  "finish",
  "report_datetime_end",
  "tests_executed",
  "lynis_version",
]);
