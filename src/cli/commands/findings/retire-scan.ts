import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { findingId } from "../../findings/finding-id.ts";
import { confirmHint } from "../../findings/proposal-card.ts";
import { argument, connectionOptions, required, text } from "../../options.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: { id: argument("id", "a finding that the scan sees: F-42, or 42") },
  options: {
    reason: required(text("--reason <text>", "why nobody makes this scan any more")),
    import: text("--import <id>", "an import of the scan, where several scans see the finding"),
    ...connectionOptions,
  },
  details:
    "For a scanner that was thrown out or replaced: what it alone saw would stay open for ever, as nobody looks again. It is\n" +
    "only proposed; two different people have to sign it. Then what no other scan sees is closed without having been\n" +
    "verified, and open again as soon as any scan names it. Releases in which it was seen keep it at their gates.",
  examples: ['tidelock findings retire-scan F-42 --reason "Grype replaced Clair"'],
  async run(context, { args, options }) {
    const id = findingId(args.id);
    const { reason, import: named } = options;
    const { proposal } = await context.connect(options).call("findingAct", {
      params: { id },
      body: {
        act: { kind: "retire-scan", reason, ...(named === undefined ? {} : { import: named }) },
      },
    });
    if (proposal === null) throw new Error("a retirement without a proposal");
    context.terminal.print(clean(proposal.id));
    context.terminal.note(`nothing is retired yet; ${confirmHint(proposal.id)}`);
    return exit.waiting;
  },
});
