import { defineCommand } from "../../define-command.ts";
import { argument, connectionOptions, duration, outputOption } from "../../options.ts";
import { followPromotion } from "../../promotion/follow.ts";

export const command = defineCommand({
  arguments: { id: argument("id", "promotion, see `tidelock promotion list`") },
  options: {
    timeout: duration("--timeout <time>", "stop watching after this long"),
    ...connectionOptions,
    ...outputOption,
  },
  run: (context, { args, options }) =>
    followPromotion(context, args.id, {
      flags: options,
      format: context.format(options),
      timeoutMs: options.timeout,
    }),
});
