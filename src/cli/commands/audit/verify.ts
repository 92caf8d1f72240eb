import { TidelockError } from "../../../model/errors.ts";
import { verifyPack } from "../../../audit/verify-pack.ts";
import { readPackInput, readTrust } from "../../audit/read-inputs.ts";
import { printReport } from "../../audit/report-text.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, flag, outputOption, text, texts } from "../../options.ts";
import { printDocument } from "../../output/print.ts";

export const command = defineCommand({
  arguments: { pack: argument("pack", "the zip, or a folder into which it was unpacked") },
  options: {
    trust: text("--trust <file>", "whom to believe: the trust root, from outside of the pack"),
    anchor: texts("--anchor <file>", "a checkpoint seen earlier that history must contain"),
    json: flag("--json", "the same as -o json"),
    ...outputOption,
  },
  details:
    "Needs no server, no database and no network. Exit code 0 only when everything in the pack is proven\n" +
    "and signed by whom the trust root names; 7 otherwise. Without --trust the answer can at best be\n" +
    "`consistent, not authenticated`.",
  examples: [
    "tidelock audit verify shop-1.4.2.audit.zip --trust trust.json",
    "tidelock audit verify pack.zip --trust trust.json --anchor checkpoints/2026-11-01",
  ],
  async run(context, { args, options }) {
    if (options.trust === undefined && options.anchor.length > 0) {
      throw new TidelockError("invalid-input", "--anchor needs --trust", {
        fault: "operator",
        where: "--anchor",
        hint: "a checkpoint means something only for a log whose key is known",
      });
    }
    const format = options.json ? "json" : context.format(options);
    const trust = options.trust === undefined ? null : readTrust(options.trust, options.anchor);
    const { report, story } = verifyPack(readPackInput(args.pack), trust);
    if (format === "json" || format === "yaml") {
      await printDocument(context.terminal, format, { ...report, story: plain(story) });
    } else if (format === "name") context.terminal.print(report.result);
    else printReport(context.terminal, report, story);
    return report.result === "verified" ? exit.done : exit.verification;
  },
});

/** Maps as objects, for JSON. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, inner: unknown) =>
      inner instanceof Map ? Object.fromEntries(inner) : inner,
    ),
  );
}
