import { resolve } from "node:path";
import type { Assurance } from "../../../model/trust.ts";
import { readTrust } from "../../audit/read-inputs.ts";
import type { CommandContext } from "../../context.ts";
import { defineCommand } from "../../define-command.ts";
import { exit, type ExitCode } from "../../exit-codes.ts";
import { folderFiles, serverFiles } from "../../ledger/log-files.ts";
import { verifyFiles } from "../../ledger/verify-files.ts";
import { connectionOptions, flag, outputOption, text, texts } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    dir: text("--dir <folder>", "an exported ledger instead of a server's; needs no server"),
    trust: text("--trust <file>", "whose log it has to be (`tidelock ledger trust` writes one)"),
    anchor: texts("--anchor <file>", "with --trust: a checkpoint that was seen before"),
    state: flag("--state", "rebuild the server's tables from the log, and compare"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Recomputes the whole log: every entry, every hash, the chains of its streams, its times and signatures. Exit\n" +
    "code 7 with the place of the first damage. Without --trust it says that the log fits together, and cannot\n" +
    "say whose it is. --state asks the server to rebuild every table that can open a gate or grant a right.",
  examples: [
    "tidelock ledger verify --trust trust.json",
    "tidelock ledger verify --state",
    "tidelock ledger verify --dir ledger-2026-11 --trust trust.json",
  ],
  async run(context, { options }) {
    const trust =
      options.trust === undefined
        ? null
        : readTrust(
            resolve(context.folder, options.trust),
            options.anchor.map((file) => resolve(context.folder, file)),
          );
    const files =
      options.dir === undefined
        ? serverFiles(context.connect(options))
        : folderFiles(resolve(context.folder, options.dir));
    const report = await verifyFiles(files, trust);
    if (!report.ok) {
      const { index, message } = report.problem;
      const where = index === null ? "" : `entry ${index}: `;
      return damaged(context, options, report, `${where}${message}`);
    }
    if (options.state) {
      const state = await context.connect(options).call("ledgerVerifyState", {});
      if (!state.ok) return damaged(context, options, state, state.difference.message);
      const erased = state.erased === 0 ? "" : `; of ${state.erased} the payload was erased`;
      context.terminal.note(`${state.rows} rows are what the log says${erased}`);
    }
    await printOne(context.terminal, context.format(options), {
      item: report,
      name: report.origin,
      lines: [
        ["log", report.origin],
        ["entries", `${report.size} in ${report.streams} streams: all whole`],
        ["open", report.openIntents === 0 ? null : `${report.openIntents} effects have no end yet`],
        ["assurance", assuranceText(report.assurance)],
      ],
    });
    return exit.done;
  },
});

async function damaged(
  context: CommandContext,
  options: Parameters<CommandContext["format"]>[0],
  report: object,
  message: string,
): Promise<ExitCode> {
  const format = context.format(options);
  if (format === "json" || format === "yaml") {
    await printOne(context.terminal, format, { item: report, name: "", lines: [] });
  }
  context.terminal.note(`the ledger does not verify: ${clean(message)}`);
  return exit.verification;
}

function assuranceText(assurance: Assurance): string {
  switch (assurance.grade) {
    case "consistent-not-authenticated":
      return "consistent, not authenticated: it fits together; whose it is needs --trust";
    case "self-signed":
      return "self-signed: whoever holds the log's key and the database could have written another history";
    case "anchored":
      return `anchored: continues ${assurance.anchors.join(", ")}`;
    case "witnessed":
      return `witnessed by ${assurance.operators.join(", ")}${assurance.anchors.length === 0 ? "" : `; continues ${assurance.anchors.join(", ")}`}`;
  }
}
