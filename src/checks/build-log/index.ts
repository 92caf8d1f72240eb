import { z } from "zod";
import type { Check } from "../../ports/check.ts";
import { hitResults, scanFailed, scanReport, type ScannerFacts } from "../scanner/report.ts";
import { childBeside, runScan } from "../scanner/run-scan.ts";
import { BuildLogConfiguration } from "./schema.ts";

const facts: ScannerFacts = {
  id: "build-log",
  version: "1.0.0",
  unit: "log",
  rules: [
    {
      id: "build-warning",
      title: "The build warned",
      help: "Repair what it warns of, or have the line put on the pipeline's list.",
      severity: 5,
      cwe: [],
    },
  ],
};

const Extra = z.strictObject({ lines: z.int().nonnegative() });

/**
 * Zero warnings in the log that the build left in the release. The log is the word of whoever built: it shows
 * that a careful build was clean, and is no defence against one that hides its output.
 */
export const buildLog: Check<typeof BuildLogConfiguration> = {
  id: "build-log",
  schema: BuildLogConfiguration,
  touch: "files",
  cost: "cheap",
  disturbs: [],
  sensitiveTo: [],
  judgedBy: "observations",
  purpose: "security",
  run: async (context, configuration) => {
    const { path, ignore, minimumLines } = configuration;
    const end = await runScan(context, {
      program: childBeside(import.meta.url),
      tree: context.tree,
      readTree: context.readTree,
      options: { path, ignore },
      exclude: configuration.exclude,
    });
    if (end.kind === "failed") return scanFailed(facts, end);
    const { lines } = Extra.parse(end.reply.extra);
    const report = scanReport(facts, configuration, end.reply, {
      results: hitResults(end.reply.hits),
      count: end.reply.hitCount,
      remarks: [`${lines} lines`],
    });
    const short = report.verdict === "pass" && lines < minimumLines;
    return short
      ? {
          ...report,
          verdict: "inconclusive",
          summary: `${path} has ${lines} lines, which is no build's log; ${report.summary}`,
        }
      : report;
  },
};
