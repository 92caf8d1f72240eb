import type { Check } from "../../ports/check.ts";
import { runFilesCheck } from "../scanner/files-check.ts";
import type { ScannerFacts } from "../scanner/report.ts";
import { stateFileRules } from "./rules.ts";
import { StateFilesConfiguration } from "./schema.ts";

const facts: ScannerFacts = {
  id: "state-files",
  version: "1.0.0",
  rules: stateFileRules,
  unit: "file",
};

/** Looks for state and credentials of the tools that run infrastructure, and for state that is kept badly. */
export const stateFiles: Check<typeof StateFilesConfiguration> = {
  id: "state-files",
  schema: StateFilesConfiguration,
  touch: "files",
  scans: ["iac"],
  cost: "cheap",
  disturbs: [],
  sensitiveTo: [],
  judgedBy: "observations",
  run: (context, configuration) =>
    runFilesCheck({ facts, beside: import.meta.url }, context, configuration, {}),
};
