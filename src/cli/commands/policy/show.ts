import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, optionalArgument, outputOption } from "../../options.ts";
import { printDocument, printList } from "../../output/print.ts";
import { shortDigest, spanText, when } from "../../output/words.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: { environment: optionalArgument("environment", "default: every one") },
  options: { ...connectionOptions, ...outputOption },
  details:
    "What owners and services demand together, check by check with where it comes from; the digest that decisions made\n" +
    "now name; who applied it, and every version with what of it was policy.",
  examples: ["tidelock policy show production", "tidelock policy show production -o json"],
  async run(context, { args, options }) {
    const { terminal } = context;
    const { items } = await context.connect(options).call("policyShow", {
      query: args.environment === undefined ? {} : { environment: args.environment },
    });
    const format = context.format(options);
    if (format === "json" || format === "yaml") {
      await printDocument(terminal, format, items);
      return exit.done;
    }
    if (format === "name") {
      for (const { environment } of items) terminal.print(clean(environment));
      return exit.done;
    }
    if (items.length === 0) terminal.note("no environment is registered: tidelock pipeline apply");
    const say = (line: string): void => terminal.print(clean(line, 2_000));
    for (const view of items) {
      say(
        `${view.environment}: version ${view.version} of its document, by ${view.by}, ${when(view.at)}; governance ${view.governance}`,
      );
      for (const one of view.services) {
        say("");
        say(`${one.service}: policy ${one.digest}`);
        say(
          `  gate ${one.gate}, isolation ${one.isolation}, soak ${spanText(one.soakMs)}, after ${one.after.join(", ") || "nothing"}; pipeline version ${one.version} by ${one.by}, ${when(one.at)}`,
        );
        for (const { name, require, from } of one.rules)
          say(`  rule ${name} (${from}): ${require}`);
        await printList(terminal, format, {
          items: one.checks,
          columns: [
            { title: "check", value: ({ name }) => name },
            { title: "uses", value: ({ uses }) => uses },
            { title: "phase", value: ({ phase }) => phase },
            { title: "from", value: ({ from }) => from },
            { title: "demand", value: ({ demand }) => shortDigest(demand) },
          ],
          name: ({ name }) => name,
          empty: "  no check is demanded",
        });
      }
      say("");
      for (const one of view.history) {
        const what = one.changes.length === 0 ? "nothing of it was policy" : "";
        say(
          `${when(one.at)}  ${one.kind} ${one.name} version ${one.version} by ${one.by}${one.removedAt ? ", removed" : ""}  ${what}`,
        );
        for (const change of one.changes) say(`    ${change}`);
      }
    }
    return exit.done;
  },
});
