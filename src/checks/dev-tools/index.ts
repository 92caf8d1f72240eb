import type { Check } from "../../ports/check.ts";
import { runFilesCheck } from "../scanner/files-check.ts";
import type { ScannerFacts } from "../scanner/report.ts";
import { devToolRules } from "./rules.ts";
import { DevToolsConfiguration } from "./schema.ts";

const facts: ScannerFacts = {
  id: "dev-tools",
  version: "1.0.0",
  rules: devToolRules,
  unit: "file",
};

/** Looks for what belongs on a developer's machine and ships all the same. */
export const devTools: Check<typeof DevToolsConfiguration> = {
  id: "dev-tools",
  schema: DevToolsConfiguration,
  touch: "files",
  cost: "cheap",
  disturbs: [],
  sensitiveTo: [],
  judgedBy: "observations",
  purpose: "security",
  run: (context, configuration) =>
    runFilesCheck({ facts, beside: import.meta.url }, context, configuration, {}),
};
