// Writes the step library of the check `attack-specs` into its page.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeSteps } from "../src/checks/attack-specs/describe.ts";
import { root } from "./test/run-step.ts";

const file = join(root, "docs", "checks", "attack-specs.md");
const page = readFileSync(file, "utf8");
const start = "<!-- steps: written by `node scripts/steps.ts` -->\n";
const [before = ""] = page.split(start);
writeFileSync(file, `${before}${start}\n${describeSteps()}\n`);
