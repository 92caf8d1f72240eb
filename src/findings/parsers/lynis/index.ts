import type { Severity } from "../../../model/observation.ts";
import { observe } from "../../observe.ts";
import type { Parser } from "../parser.ts";

/** Lists whose entries are hits. lynis gives no severities; these are ours. */
const lists: Readonly<Record<string, Severity>> = {
  "vulnerable_package[]": "high",
  "warning[]": "medium",
  "exception_event[]": "low",
  "suggestion[]": "low",
};

/**
 * lynis' `report.dat`: lines `key=value`; a hit is `warning[]=<test>|<text>|<details>|<solution>|`. A report
 * without its last lines is one of an audit that broke off.
 */
export const lynis: Parser = {
  format: "lynis",
  parse(text) {
    const entries = entriesOf(text);
    const of = (key: string): string | undefined => entries.find(([name]) => name === key)?.[1];
    const host = of("hostname") ?? "host";
    const finished = of("finish") === "true" || of("report_datetime_end") !== undefined;
    return {
      observations: entries.flatMap(([key, value]) => {
        const severity = Object.hasOwn(lists, key) ? lists[key] : undefined;
        if (severity === undefined) return [];
        const [test = "", what = "", details = "", solution = ""] = value.split("|");
        const said = [what, details, solution].filter((part) => part !== "" && part !== "-");
        return [
          observe({
            rule: key === "vulnerable_package[]" ? "vulnerable-package" : test,
            severity,
            severityStated: false,
            title: key === "vulnerable_package[]" ? `${test} ${what}` : what,
            message: said.join("; "),
            place: { kind: "resource", name: `${host}: ${test}` },
          }),
        ];
      }),
      exercised: { assertions: (of("tests_executed") ?? "").split("|").filter(Boolean).length },
      tool: { name: "lynis", version: of("lynis_version") ?? "unknown" },
      ...(finished ? { complete: true } : { complete: false, missing: "its end" }),
    };
  },
};

function entriesOf(text: string): readonly (readonly [string, string])[] {
  if (!text.startsWith("# Lynis Report")) throw new Error("it is no report of lynis");
  return text.split("\n").flatMap((line) => {
    const at = line.indexOf("=");
    return at < 1 || line.startsWith("#") ? [] : [[line.slice(0, at), line.slice(at + 1)] as const];
  });
}
