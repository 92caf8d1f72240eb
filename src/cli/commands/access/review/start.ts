import { momentOf } from "../../../approval/sign-answer.ts";
import { reviewCard } from "../../../access/review-cards.ts";
import { defineCommand } from "../../../define-command.ts";
import { exit } from "../../../exit-codes.ts";
import { connectionOptions, flag, name, outputOption, text } from "../../../options.ts";
import { printOne } from "../../../output/print.ts";

const dayMs = 86_400_000;

export const command = defineCommand({
  arguments: {},
  options: {
    service: name("--service <name>", "only what reaches this service (default: everything)"),
    due: text("--due <day>", "until when: 2026-12-31 (default: in 14 days)"),
    quarterly: flag("--quarterly", "until the last day of this quarter"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Freezes every way in which somebody may do something now: roles, rights of signatures, tokens and keys. Others than whose they are sign each line: `access review sign`.",
  examples: [
    "tidelock access review start --quarterly",
    "tidelock access review start --service shop --due 2026-12-31",
  ],
  async run(context, { options }) {
    const due = options.quarterly
      ? endOfQuarter(new Date())
      : (momentOf(options.due, "--due") ?? new Date(Date.now() + 14 * dayMs).toISOString());
    const body = { service: options.service ?? null, due };
    const view = await context.connect(options).call("reviewStart", { body });
    await printOne(context.terminal, context.format(options), reviewCard(view));
    return exit.done;
  },
});

/** The last millisecond of the quarter, UTC. */
export function endOfQuarter(now: Date): string {
  const next = Date.UTC(now.getUTCFullYear(), 3 * Math.floor(now.getUTCMonth() / 3) + 3, 1);
  return new Date(next - 1).toISOString();
}
