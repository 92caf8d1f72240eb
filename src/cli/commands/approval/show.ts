import { approvalStatement } from "../../../identity/approval/statement.ts";
import { recomputed, requireSame } from "../../../identity/approval/recomputed.ts";
import { approvalText } from "../../../identity/approval/text.ts";
import type { ApprovalAnswer } from "../../../model/approval.ts";
import { approvalCard } from "../../approval/approval-card.ts";
import { momentOf } from "../../approval/sign-answer.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, flag, name, outputOption, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { showToSign } from "../../show-to-sign.ts";

export const command = defineCommand({
  arguments: { request: argument("request", "its id, or the beginning of it") },
  options: {
    person: text("--person <pseudonym>", "what this person would sign: person:…"),
    role: name("--role <role>", "as whom (default: the first that is asked)"),
    reject: flag("--reject", "what a rejection would be, and no approval"),
    reason: text("--reason <text>", "with these words"),
    notBefore: text("--not-before <time>", "counting from then on"),
    expires: text("--expires <time>", "counting until then"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Computes plan and decision digest anew on this machine, from what the server sent. With --person it also makes the\n" +
    "very text that this person would sign, its digest, and the challenge that a passkey is asked to sign: a browser has no\n" +
    "trusted display, so compare the challenge that the page shows with the one that is printed here. Exit code 7 when\n" +
    "anything is not what the server says.",
  examples: [
    "tidelock approval show 3f2a91c07b1e",
    "tidelock approval show 3f2a91c07b1e --person person:0a… --role sre",
  ],
  async run(context, { args, options }) {
    const client = context.connect(options);
    const view = await client.call("approvalShow", { params: { id: args.request } });
    const { terminal } = context;
    await printOne(terminal, context.format(options), approvalCard(view));
    for (const { what, said, here } of recomputed(view)) {
      terminal.note(
        `${what}: computed here ${here}${said === here ? ", the same" : ", ANOTHER ONE"}`,
      );
    }
    requireSame(view);
    if (options.person === undefined) return exit.done;
    const answer: ApprovalAnswer = {
      purpose: options.reject ? "reject" : "approve",
      person: options.person,
      role: options.role ?? view.asked.asks[0]?.roles[0] ?? "",
      reason: options.reason ?? "",
      notBefore: momentOf(options.notBefore, "--not-before"),
      expires: momentOf(options.expires, "--expires"),
    };
    showToSign(terminal, approvalText(view, answer), approvalStatement(view, answer));
    return exit.done;
  },
});
