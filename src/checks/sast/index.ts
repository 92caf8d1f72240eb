import type { Check } from "../../ports/check.ts";
import { runFilesCheck } from "../scanner/files-check.ts";
import type { ScannerFacts } from "../scanner/report.ts";
import { rulesVersion, sastRules } from "./rules/catalogue.ts";
import { SastConfiguration } from "./schema.ts";

export const parserVersion = "8.1.2";

const facts: ScannerFacts = {
  id: "sast",
  version: rulesVersion,
  rules: sastRules,
  unit: "source file",
  libraries: { "@babel/parser": parserVersion },
};

/**
 * Reads the service's own JavaScript, TypeScript and templates, and follows what comes in with a request to
 * where it does harm. It sees one file at a time.
 */
export const sast: Check<typeof SastConfiguration> = {
  id: "sast",
  schema: SastConfiguration,
  touch: "files",
  scans: ["sast"],
  cost: "moderate",
  disturbs: [],
  sensitiveTo: [],
  judgedBy: "observations",
  run: (context, configuration) =>
    runFilesCheck({ facts, beside: import.meta.url, heapMb: 768 }, context, configuration, {}),
};
