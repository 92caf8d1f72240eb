import { z } from "zod";
import { type Format, isRecord, valuesOf } from "../format.ts";
import { readRows } from "./row.ts";

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
    const rows = readRows();
    let ended = false;
    return {
      item(value) {
        const row = Row.parse(value);
        if (row.id === "scanTime" && row.severity === "INFO") ended = true;
        return rows.row({ ...row, host: row.ip.replace(/\/[^/]*$/, "") });
      },
      end() {
        const summary = rows.summary(ended);
        return ended
          ? summary
          : { ...summary, complete: false, missing: summary.missing ?? "its end" };
      },
    };
  },
};
