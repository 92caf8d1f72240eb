import type { CatalogueTest } from "../../../api/routes/catalogue.ts";
import { csvLine } from "../../csv.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, flag, name, outputOption } from "../../options.ts";
import { printList } from "../../output/print.ts";
import { when } from "../../output/words.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    service: name("--service <name>", "only of this service"),
    environment: name("--environment <name>", "only in this environment"),
    csv: flag("--csv", "as comma-separated values"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Every check that a registered pipeline or an environment's floor demands, when it runs, and what it said last. The report of a run: `tidelock check <promotion> <check> --raw`.",
  examples: [
    "tidelock catalogue tests --service shop",
    "tidelock catalogue tests --csv > tests.csv",
  ],
  async run(context, { options }) {
    const { service, environment } = options;
    const query = { service, environment };
    const { items } = await context.connect(options).call("catalogueTests", { query });
    if (options.csv) {
      context.terminal.print(csvLine(["service", "environment", "check", "uses", "does", "phase", "when", "from", "last verdict", "last run", "release", "promotion", "report", "runs", "passed", "last pass"])); // prettier-ignore
      for (const one of items) context.terminal.print(csvLine(rowOf(one)));
      return exit.done;
    }
    await printList(context.terminal, context.format(options), {
      items,
      columns: [
        { title: "service", value: (one) => one.service },
        { title: "environment", value: (one) => one.environment },
        { title: "check", value: ({ check }) => check },
        { title: "uses", value: ({ uses }) => uses },
        { title: "when", value: ({ when: text }) => text },
        { title: "demanded by", value: ({ from }) => from },
        { title: "last", value: ({ last }) => last?.verdict ?? "never ran" },
        { title: "at", value: ({ last }) => when(last?.at ?? null) },
        { title: "logged in", value: ({ last }) => last?.promotion ?? "-" },
        { title: "passed", value: ({ runs, passed }) => `${passed} of ${runs}` },
        { title: "report", wide: true, value: ({ last }) => last?.report ?? "-" },
        { title: "what it does", wide: true, value: ({ does }) => does },
      ],
      name: ({ check }) => check,
      empty: "nothing is demanded anywhere: tidelock pipeline apply",
    });
    return exit.done;
  },
});

function rowOf(one: CatalogueTest): readonly string[] {
  const { service, environment, check, uses, does, phase, from, last, runs, passed, lastPass } =
    one;
  return [service, environment, check, uses, does, phase, one.when, from, last?.verdict ?? "", last?.at ?? "", last?.release ?? "", last?.promotion ?? "", last?.report ?? "", String(runs), String(passed), lastPass ?? ""]; // prettier-ignore
}
