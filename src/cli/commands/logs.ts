import { TidelockError } from "../../model/errors.ts";
import { Slot } from "../../model/primitives.ts";
import type { LogLineView } from "../../api/views.ts";
import { defineCommand } from "../define-command.ts";
import { exit } from "../exit-codes.ts";
import { argument, connectionOptions, flag, name, whole } from "../options.ts";
import { clean } from "../terminal.ts";

/** Services write long lines; a terminal gets this much of one. */
const lineLimit = 10_000;

export const command = defineCommand({
  arguments: { slot: argument("slot", "shop/production/green") },
  options: {
    follow: flag("-f, --follow", "go on until Ctrl-C"),
    process: name("--process <name>", "only this process"),
    tail: whole("--tail <n>", "how many old lines (default 100)", { least: 0, most: 10_000 }),
    json: flag("--json", "one JSON object a line"),
    ...connectionOptions,
  },
  examples: ["tidelock logs -f shop/production/green"],
  async run(context, { args, options }) {
    const { terminal } = context;
    const slot = parseSlot(args.slot);
    const client = context.connect(options);
    const show = (line: LogLineView): void => {
      if (options.json) terminal.print(JSON.stringify(line));
      else {
        const head = terminal.style("gray", `${line.at} ${clean(line.instance)}`);
        terminal.print(`${head}  ${clean(line.text, lineLimit)}`);
      }
    };
    const query = {
      tail: options.tail ?? 100,
      ...(options.process === undefined ? {} : { process: options.process }),
    };
    if (!options.follow) {
      const { items } = await client.call("logs", {
        params: slot,
        query: { ...query, follow: "false" },
      });
      for (const line of items) show(line);
      return exit.done;
    }
    for await (const line of client.followLogs(slot, query, context.signal)) show(line);
    return exit.interrupted;
  },
});

function parseSlot(text: string): Slot {
  const [service, environment, colour, ...more] = text.split("/");
  const parsed = Slot.safeParse({ service, environment, colour });
  if (parsed.success && more.length === 0) return parsed.data;
  throw new TidelockError("invalid-input", `${text} is not a slot`, {
    fault: "operator",
    hint: "write <service>/<environment>/<colour>, e.g. shop/production/green",
  });
}
