import { TidelockError } from "../../../model/errors.ts";
import { Lane } from "../../../model/primitives.ts";
import { confirm } from "../../confirm.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, flag } from "../../options.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: { lane: argument("lane", "shop/production") },
  options: { yes: flag("-y, --yes", "do not ask"), ...connectionOptions },
  async run(context, { args, options }) {
    const client = context.connect(options);
    const lane = parseLane(args.lane);
    await confirm(
      context,
      `Stop ${lane.service} in ${lane.environment}? Its users get errors.`,
      options.yes,
    );
    const { message } = await client.call("serviceStop", { params: lane });
    context.terminal.note(clean(message));
    return exit.done;
  },
});

function parseLane(text: string): Lane {
  const [service, environment, ...more] = text.split("/");
  const parsed = Lane.safeParse({ service, environment });
  if (parsed.success && more.length === 0) return parsed.data;
  throw new TidelockError("invalid-input", `${text} is not a service in an environment`, {
    fault: "operator",
    hint: "write <service>/<environment>, e.g. shop/production",
  });
}
