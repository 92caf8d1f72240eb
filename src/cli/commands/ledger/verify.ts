import { resolve } from "node:path";
import type { LedgerStateView } from "../../../api/views/ledger.ts";
import { TidelockError } from "../../../model/errors.ts";
import type { Assurance } from "../../../model/trust.ts";
import { readTrust } from "../../audit/read-inputs.ts";
import type { CommandContext } from "../../context.ts";
import { defineCommand } from "../../define-command.ts";
import { exit, type ExitCode } from "../../exit-codes.ts";
import { folderFiles, serverFiles } from "../../ledger/log-files.ts";
import { type LedgerReport, verifyFiles } from "../../ledger/verify-files.ts";
import { connectionOptions, flag, outputOption, text, texts } from "../../options.ts";
import { type Card, printOne } from "../../output/print.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    dir: text("--dir <folder>", "a folder of `ledger export`; needs no server"),
    trust: text("--trust <file>", "whose log it has to be (`tidelock ledger trust` writes one)"),
    anchor: texts("--anchor <file>", "with --trust: a checkpoint that was seen before"),
    state: flag("--state", "rebuild the server's tables from the log, and compare"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Recomputes the whole log: every entry, every hash, the chains of its streams, its times and signatures. Exit\n" +
    "code 7 with the place of the first damage, and also without --trust: then it fits together, and whose it is\n" +
    "cannot be said (consistent, not authenticated), as in `audit verify`. --state alone asks the server to rebuild\n" +
    "every table that can open a gate or grant a right from its log: exit code 0 when all agree, by its own word.",
  examples: [
    "tidelock ledger verify --trust trust.json",
    "tidelock ledger verify --state",
    "tidelock ledger verify --state --trust trust.json",
    "tidelock ledger verify --dir ledger-2026-11 --trust trust.json",
  ],
  async run(context, { options }) {
    refuseMixed(options);
    // Asked for the tables only, the server recomputes its log itself.
    const report =
      options.state && options.trust === undefined ? null : await logReport(context, options);
    if (report !== null && !report.ok) {
      const { index, message } = report.problem;
      const where = index === null ? "" : `entry ${index}: `;
      return damaged(context, options, report, `the ledger does not verify: ${where}${message}`);
    }
    const state = options.state
      ? await context.connect(options).call("ledgerVerifyState", {})
      : null;
    if (state !== null && !state.ok) {
      const message = `the database is not what the log says: ${state.difference.message}`;
      return damaged(context, options, state, message);
    }
    await printOne(context.terminal, context.format(options), cardOf(report, state));
    if (state !== null && state.behind !== null) {
      context.terminal.note(
        clean(
          `what was verified is an older state: the server is read-only: ${state.behind}; go on with \`tidelock ledger recover\``,
        ),
      );
      return exit.verification;
    }
    return report?.assurance.grade === "consistent-not-authenticated"
      ? exit.verification
      : exit.done;
  },
});

type Options = Parameters<CommandContext["connect"]>[0] & {
  readonly dir: string | undefined;
  readonly trust: string | undefined;
  readonly anchor: readonly string[];
  readonly state: boolean;
};

function refuseMixed({ dir, state, trust, anchor }: Options): void {
  const wrong = (message: string, where: string, hint: string) =>
    new TidelockError("invalid-input", message, { fault: "operator", where, hint });
  if (dir !== undefined && state) {
    throw wrong(
      "--state asks a server for its tables, and a folder has none",
      "--state",
      "leave --state out, or --dir",
    );
  }
  if (trust === undefined && anchor.length > 0) {
    throw wrong(
      "--anchor needs --trust",
      "--anchor",
      "a checkpoint means something only for a log whose key is known",
    );
  }
}

async function logReport(context: CommandContext, options: Options): Promise<LedgerReport> {
  const path = (file: string) => resolve(context.folder, file);
  const trust =
    options.trust === undefined ? null : readTrust(path(options.trust), options.anchor.map(path));
  const files =
    options.dir === undefined
      ? serverFiles(context.connect(options))
      : folderFiles(path(options.dir));
  return verifyFiles(files, trust);
}

type Whole = Extract<LedgerReport, { ok: true }>;
type Agreeing = Extract<LedgerStateView, { ok: true }>;

function cardOf(report: Whole | null, state: Agreeing | null): Card<object> {
  const erased = state?.erased ? `; of ${state.erased} the payload was erased` : "";
  const open = report?.openIntents ?? 0;
  return {
    item: { ...report, ...(state === null ? {} : { state }) },
    name: report?.origin ?? "state",
    lines: [
      ["log", report?.origin ?? null],
      ["entries", report && `${report.size} in ${report.streams} streams: all whole`],
      ["open", open === 0 ? null : `${open} effects have no end yet`],
      ["tables", state && `${state.rows} rows are what ${state.size} entries say${erased}`],
      [
        "assurance",
        report
          ? assuranceText(report.assurance)
          : "the server's own word, about its own log; for more: --trust",
      ],
    ],
  };
}

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
  context.terminal.note(clean(message, 2_000));
  return exit.verification;
}

function assuranceText(assurance: Assurance): string {
  switch (assurance.grade) {
    case "consistent-not-authenticated":
      return "consistent, not authenticated: it fits together; whose it is: --trust";
    case "self-signed":
      return "self-signed: whoever holds the log's key and the database could have written another history";
    case "anchored":
      return `anchored: continues ${assurance.anchors.join(", ")}`;
    case "witnessed":
      return `witnessed by ${assurance.operators.join(", ")}${assurance.anchors.length === 0 ? "" : `; continues ${assurance.anchors.join(", ")}`}`;
  }
}
