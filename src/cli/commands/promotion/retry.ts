import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, duration, flag, outputOption } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { followPromotion } from "../../promotion/follow.ts";
import { outcomeLine } from "../../promotion/outcome.ts";
import { promotionCard } from "../../promotion/show.ts";

export const command = defineCommand({
  arguments: { id: argument("id", "promotion, see `tidelock promotion list`") },
  options: {
    wait: flag("-w, --wait", "wait until it has ended; the exit code tells how"),
    timeout: duration("--timeout <time>", "with --wait: stop waiting after this long"),
    ...connectionOptions,
    ...outputOption,
  },
  async run(context, { args, options }) {
    const promotion = await context
      .connect(options)
      .call("promotionRetry", { params: { id: args.id } });
    const format = context.format(options);
    context.terminal.note(`promotion ${promotion.id}`);
    if (options.wait) {
      return followPromotion(context, promotion.id, {
        flags: options,
        format,
        timeoutMs: options.timeout,
      });
    }
    if (format === "table") context.terminal.print(outcomeLine(promotion));
    else await printOne(context.terminal, format, promotionCard(promotion));
    return exit.done;
  },
});
