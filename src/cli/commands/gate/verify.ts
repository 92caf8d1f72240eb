import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { verifyPack } from "../../../audit/verify-pack.ts";
import { canonicalJson } from "../../../model/canonical.ts";
import { TidelockError } from "../../../model/errors.ts";
import { decidedAgain } from "../../../policy/again.ts";
import { readPackInput, readTrust } from "../../audit/read-inputs.ts";
import { printReport } from "../../audit/report-text.ts";
import type { CommandContext } from "../../context.ts";
import { defineCommand } from "../../define-command.ts";
import { exit, type ExitCode } from "../../exit-codes.ts";
import {
  argument,
  connectionOptions,
  flag,
  type OutputFormat,
  outputOption,
  text,
} from "../../options.ts";
import { codeOfAgain, printAgain } from "../../policy/again-text.ts";

export const command = defineCommand({
  arguments: { of: argument("pack|promotion", "an audit pack, or the id of a promotion") },
  options: {
    trust: text("--trust <file>", "of a pack: whom to believe, the trust root"),
    json: flag("--json", "the same as -o json"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Makes every decision once more, from the inputs that were kept and by the rules of this program, and compares\n" +
    "to the byte. Of a pack it needs no server and no network. Of a promotion the server hands the inputs over and this\n" +
    "program decides; what the server says is then held against nothing: take a pack for that.\n" +
    "Exit code 0: every decision is the same. 7: one differs, or the pack is not whole. 1: one could not be made again\n" +
    "here (its inputs are gone, or another version of the rules decided), which says nothing against it.",
  examples: [
    "tidelock gate verify shop-1.4.2.audit.zip --trust trust.json",
    "tidelock gate verify pk3x9a0b2m4q",
  ],
  async run(context, { args, options }) {
    const format = options.json ? "json" : context.format(options);
    const path = resolve(context.folder, args.of);
    if (existsSync(path)) return verifyOfPack(context, format, path, options.trust);
    if (/[./\\]/.test(args.of)) {
      throw new TidelockError("invalid-input", "there is no such pack", {
        fault: "operator",
        where: path,
        hint: "make one: tidelock audit export <release>",
      });
    }
    return verifyOfPromotion(context, format, args.of, options);
  },
});

async function verifyOfPack(
  { terminal }: CommandContext,
  format: OutputFormat,
  path: string,
  trustFile: string | undefined,
): Promise<ExitCode> {
  const trust = trustFile === undefined ? null : readTrust(trustFile, []);
  const { report, decisions } = verifyPack(readPackInput(path), trust);
  const { result, problems, problemCount, assurance } = report;
  const pack = { result, problemCount, problems, assurance };
  await printAgain(terminal, format, decisions, { of: "pack", pack });
  if (result === "failed") {
    if (format === "table" || format === "wide") printReport(terminal, report, null);
    return exit.verification;
  }
  if (trust === null) {
    terminal.note(
      "no trust root was given (--trust): the pack fits together, and anybody could have made it",
    );
  }
  return codeOfAgain(decisions);
}

async function verifyOfPromotion(
  context: CommandContext,
  format: OutputFormat,
  id: string,
  options: Parameters<CommandContext["connect"]>[0],
): Promise<ExitCode> {
  const { items } = await context.connect(options).call("promotionDecisions", { params: { id } });
  const lines = items.map(({ step, decision, inputs }) => {
    const digest =
      inputs === null ? null : `sha256:${createHash("sha256").update(inputs).digest("hex")}`;
    return {
      operation: `${id}/${step}`,
      outcome: decision.outcome,
      recorded: `sha256:${createHash("sha256").update(canonicalJson(decision)).digest("hex")}`,
      inputs: decision.inputs,
      evaluator: decision.evaluator ?? null,
      policy: decision.policy ?? null,
      ...decidedAgain(decision, inputs, digest),
    };
  });
  await printAgain(context.terminal, format, lines, { of: "promotion", promotion: id });
  return codeOfAgain(lines);
}
