import { toolCheck } from "../tool/tool-check.ts";
import { LynisConfiguration } from "./schema.ts";

/**
 * An audit of the machine of the host agent: what the release runs beside. It only reads, and as a user without
 * rights: what needs root is left out, and the report says how many tests that are. What of the audit ended in an
 * exception is a hit of its own.
 */
export const lynis = toolCheck({
  id: "lynis",
  schema: LynisConfiguration,
  touch: "passive",
  scans: ["host"],
  cost: "expensive",
  disturbs: [],
  sensitiveTo: [],
  programs: ["lynis"],
  install: "apt-get install lynis",
  proof: { kind: "proven", version: "3.0.8" },
  version: { argv: ["show", "version"], pattern: /^(\d+\.\d+\.\d+)$/m },
  tree: null,
  wholeExits: [0],
  report: { from: "file", format: "lynis" },
  network: "none",
  plan: ({ groups }) => ({
    argv: [
      "audit",
      "system",
      "--no-colors",
      "--quick",
      "--nolog",
      "--pentest",
      "--report-file",
      "{report}",
      ...(groups.length === 0 ? [] : ["--tests-from-group", groups.join(" ")]),
    ],
    data: { rules: "lynis' own, of this version" },
  }),
  read(report) {
    const text = typeof report === "string" ? report : "";
    const of = (key: string) => new RegExp(`^${key}=(.*)$`, "m").exec(text)?.[1] ?? "";
    const count = (key: string) => of(key).split("|").filter(Boolean).length;
    if (of("finish") !== "true") return { exercised: {}, broken: "its report has no end" };
    const skipped = count("tests_skipped");
    return {
      exercised: { assertions: count("tests_executed") },
      data: { "lynis tests left out": `${skipped} (they need root, or nothing here is for them)` },
    };
  },
});
