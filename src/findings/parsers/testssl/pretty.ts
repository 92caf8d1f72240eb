import { z } from "zod";
import type { Format } from "../format.ts";
import { fieldOf, isRecord, wholeness, words } from "../loose.ts";
import { readRows } from "./row.ts";

const Row = z.object({ id: words, severity: words, finding: words, cve: words, cwe: words });

const Target = z.object({ targetHost: words, ip: words, port: words });

const Frame = z.object({
  version: words,
  startTime: words,
  scanTime: words,
  scanResult: z.array(z.unknown()),
});

/**
 * testssl's nested JSON (`--jsonfile-pretty`): rows in sections of targets. What went wrong before any target was
 * tested stands in a section of its own (`clientProblem1`), or in a target's place.
 */
export const testsslPretty: Format = {
  id: "testssl-pretty",
  title: "testssl.sh (nested JSON)",
  syntax: "json",
  items: [{ path: ["scanResult", "*", "*", "*"] }],
  recognise: (sample) =>
    sample.syntax === "json" &&
    Array.isArray(fieldOf(sample.value, "scanResult")) &&
    ["Invocation", "openssl", "startTime", "scanTime"].some(
      (key) => fieldOf(sample.value, key) !== undefined,
    ),
  open(frame) {
    const { scanResult, scanTime, startTime, version } = Frame.parse(frame);
    const rows = readRows();
    const problems = Object.entries(isRecord(frame) ? frame : {})
      .filter(([key]) => key.startsWith("clientProblem"))
      .flatMap(([, list]) => [list].flat(1));
    const drafts = [...problems, ...scanResult.filter(isRow)].flatMap((value) =>
      rows.row({ ...Row.parse(value), ...placeOf(value) }),
    );
    const targets = scanResult.filter((one) => !isRow(one));
    return {
      item(value, at) {
        if (!isRow(value)) return [];
        const index = at.keys.find((key) => typeof key === "number") ?? -1;
        return rows.row({ ...Row.parse(value), ...placeOf(scanResult[index]) });
      },
      end() {
        const summary = rows.summary(/^\d{1,9}$/.test(scanTime));
        const { complete, missing } = summary;
        const started = Number(startTime);
        return {
          ...summary,
          drafts,
          tool: { name: "testssl", version: version.trim().split(" ", 1)[0] || "unknown" },
          ...(started > 0 && started < 1e11
            ? { madeAt: new Date(started * 1_000).toISOString() }
            : {}),
          ...wholeness(
            complete ? undefined : (missing ?? "its end"),
            targets.length === 0 ? "no target was tested" : undefined,
            scanTime === "" ? "its time" : undefined,
          ),
        };
      },
    };
  },
};

function isRow(value: unknown): boolean {
  return typeof fieldOf(value, "id") === "string" && typeof fieldOf(value, "finding") === "string";
}

function placeOf(value: unknown): { host: string; port: string } {
  const { targetHost, ip, port } = Target.catch({ targetHost: "", ip: "", port: "" }).parse(value);
  return { host: targetHost || ip, port };
}
