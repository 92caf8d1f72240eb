import { defineCommand } from "../define-command.ts";
import { exit } from "../exit-codes.ts";
import {
  argument,
  connectionOptions,
  duration,
  flag,
  outputOption,
  serviceOption,
  text,
} from "../options.ts";
import { printOne } from "../output/print.ts";
import { followPromotion } from "../promotion/follow.ts";
import { outcomeLine } from "../promotion/outcome.ts";
import { promotionCard } from "../promotion/show.ts";

export const command = defineCommand({
  arguments: { environment: argument("environment", "which environment returns") },
  options: {
    ...serviceOption,
    to: text(
      "--to <release>",
      "a certain release (default: the old colour, else the last good one)",
    ),
    reason: text("--reason <text>", "why; kept in the record"),
    wait: flag("-w, --wait", "wait until it has ended; the exit code tells how"),
    timeout: duration("--timeout <time>", "with --wait: stop waiting after this long"),
    ...connectionOptions,
    ...outputOption,
  },
  examples: ['tidelock rollback production --reason "errors at checkout" --wait'],
  async run(context, { args, options }) {
    const client = context.connect(options);
    const format = context.format(options);
    const service = await context.service(options.service, options);
    const promotion = await client.call("rollback", {
      params: { service: service.value, environment: args.environment },
      body: {
        reason: options.reason ?? "",
        // `shop@1.4.2` or just `1.4.2`
        ...(options.to === undefined ? {} : { to: options.to.replace(/^[^@]*@/, "") }),
      },
    });
    context.terminal.note(`rollback ${promotion.id}`);
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
