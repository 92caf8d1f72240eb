import { defineCommand } from "../define-command.ts";
import { type Facts, type Finding, findingOf, type Look } from "../doctor/finding.ts";
import {
  agent,
  database,
  dataDirectory,
  disk,
  isolation,
  server,
  survival,
} from "../doctor/installation.ts";
import { clock, git, node, platform, port } from "../doctor/machine.ts";
import { scanners } from "../doctor/scanners.ts";
import { exit } from "../exit-codes.ts";
import { outputOption, text } from "../options.ts";
import { printDocument } from "../output/print.ts";
import { icon } from "../output/words.ts";
import { clean } from "../terminal.ts";

const looks: readonly (readonly [name: string, look: Look])[] = [
  ["node", node],
  ["platform", platform],
  ["git", git],
  ["clock", clock],
  ["data directory", dataDirectory],
  ["disk", disk],
  ["database", database],
  ["port", port],
  ["server", server],
  ["agent", agent],
  ["isolation", isolation],
  ["survival", survival],
  ["scanners", scanners],
];

export const command = defineCommand({
  arguments: {},
  options: {
    dataDir: text("--data-dir <folder>", "which one (TIDELOCK_DATA_DIR)"),
    ...outputOption,
  },
  details: "Needs no server and changes nothing. Exit code 1 when something fails.",
  async run(context, { options }) {
    const { terminal } = context;
    const settings = context.settings(options);
    const facts: Facts = {
      dataDir: settings.dataDir.value,
      environment: context.environment,
    };
    const format = settings.output.value;
    const document = format === "json" || format === "yaml";
    const findings: Finding[] = [];
    for (const [name, look] of looks) {
      const finding = await findingOf(name, look, facts);
      findings.push(finding);
      if (document) continue;
      const { state, message, remedy } = finding;
      const sign = icon(terminal, state, "stdout");
      terminal.print(`${sign} ${state.padEnd(4)}  ${name.padEnd(14)}  ${clean(message)}`);
      if (remedy !== null) terminal.print(`${" ".repeat(24)}${clean(remedy)}`);
    }
    if (document) await printDocument(terminal, format, findings);
    return findings.some(({ state }) => state === "fail") ? exit.failed : exit.done;
  },
});
