import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { renderTable } from "../../output/table.ts";
import { stateWord, took } from "../../output/words.ts";
import { promotionCard } from "../../promotion/show.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: { id: argument("id", "promotion, see `tidelock promotion list`") },
  options: { ...connectionOptions, ...outputOption },
  async run(context, { args, options }) {
    const { terminal } = context;
    const promotion = await context
      .connect(options)
      .call("promotionShow", { params: { id: args.id } });
    const format = context.format(options);
    await printOne(terminal, format, promotionCard(promotion));
    if (format !== "table" && format !== "wide") return exit.done;
    terminal.print("");
    const steps = promotion.steps.map((step) => [
      stateWord(step.state),
      clean(step.title),
      took(step.startedAt, step.endedAt),
      clean(step.message),
    ]);
    for (const line of renderTable(["step", "what", "took", "message"], steps))
      terminal.print(line);
    if (promotion.checks.length === 0) return exit.done;
    terminal.print("");
    const checks = promotion.checks.map((check) => [
      clean(check.name),
      check.report?.verdict ?? "running",
      took(check.startedAt, check.endedAt),
      clean(check.report?.summary ?? ""),
    ]);
    for (const line of renderTable(["check", "verdict", "took", "summary"], checks))
      terminal.print(line);
    return exit.done;
  },
});
