// Writes docs/commands.md from the command line's own declarations.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { commandReference } from "../src/cli/reference.ts";
import { root } from "./test/run-step.ts";

writeFileSync(join(root, "docs", "commands.md"), await commandReference());
