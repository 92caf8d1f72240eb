import { z } from "zod";
import type { Severity } from "../../../model/observation.ts";
import { cweIn, severityOfWord } from "../../observe.ts";
import { type Format, isRecord, valuesOf } from "../format.ts";

/** Flat JSON (`--jsonfile`): one row a test. */
const Row = z.object({
  id: z.string(),
  ip: z.string().default(""),
  port: z.string().default(""),
  severity: z.string(),
  finding: z.string(),
  cve: z.string().default(""),
  cwe: z.string().default(""),
});

/** Words of rows that are no hits. */
const noHit: ReadonlySet<string> = new Set(["OK", "INFO", "DEBUG"]);

const words: Readonly<Record<string, Severity>> = {
  low: "low",
  medium: "medium",
  high: "high",
  critical: "critical",
};

/**
 * testssl's rows: those with a severity are hits. `WARN` is a test that could not be made, `FATAL` a scan that
 * broke off: both are gaps, and no hits. The last row of a whole scan is its time.
 */
export const testssl: Format = {
  id: "testssl",
  title: "testssl.sh (flat JSON)",
  syntax: "json",
  items: [{ path: ["*"] }],
  recognise(sample) {
    const [first] = valuesOf(sample) ?? [];
    return (
      isRecord(first) && ["id", "ip", "port", "severity", "finding"].every((key) => key in first)
    );
  },
  open(frame) {
    z.tuple([]).parse(frame);
    let gap: string | undefined;
    let ended = false;
    const targets = new Set<string>();
    return {
      item(value) {
        const row = Row.parse(value);
        const host = row.ip.replace(/\/[^/]*$/, "");
        if (host !== "" && targets.size < 16) targets.add(`${host}:${row.port}`);
        if (row.id === "scanTime" && row.severity === "INFO") ended = true;
        if (row.severity === "FATAL" || row.severity === "WARN") {
          gap ??= `${row.id}: ${row.finding}`;
          return [];
        }
        if (noHit.has(row.severity)) return [];
        return [
          {
            rule: row.id,
            severity: severityOfWord(words, row.severity),
            title: `${row.id}: ${row.finding}`,
            message: row.finding,
            place: { kind: "port", host, port: Number(row.port) },
            cwe: cweIn([row.cwe]),
            aliases: row.cve.split(/\s+/).filter((cve) => cve !== ""),
          },
        ];
      },
      end: () => ({
        ...(targets.size === 0 ? {} : { subject: [...targets].toSorted().join(", ") }),
        ...(gap === undefined && ended
          ? { complete: true }
          : { complete: false, missing: gap ?? "its end" }),
      }),
    };
  },
};
