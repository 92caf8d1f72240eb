import { z } from "zod";
import type { Format } from "../format.ts";
import { words } from "../loose.ts";
import { hostOf, readRows } from "./row.ts";

const Row = z.object({
  id: words,
  "fqdn/ip": words,
  port: words,
  severity: words,
  finding: words,
  cve: words,
  cwe: words,
});

/**
 * testssl's CSV (`--csvfile`), read as its JSON is. It has no line for its end, as the JSON has with `scanTime`: the
 * grade is written after all tests by a scan that made them all, and others cannot be told from those that broke off.
 */
export const testsslCsv: Format = {
  id: "testssl-csv",
  title: "testssl.sh (CSV)",
  syntax: "csv",
  recognise: (sample) => sample.syntax === "csv" && isHeader(sample.header),
  open(frame) {
    z.array(z.string()).refine(isHeader, "it is no header of testssl").parse(frame);
    const rows = readRows();
    return {
      item(value) {
        const row = Row.parse(value);
        return row.id === "" ? [] : rows.row({ ...row, host: hostOf(row["fqdn/ip"]) });
      },
      end: () => rows.summary(),
    };
  },
};

function isHeader(header: readonly string[]): boolean {
  return header[0] === "id" && header[1] === "fqdn/ip" && header.includes("finding");
}
