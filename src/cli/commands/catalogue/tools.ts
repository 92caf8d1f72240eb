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
    "Every tool that is demanded somewhere: what it does, how it is set there, and which version really ran last. How each one works: docs/checks.md.",
  examples: ["tidelock catalogue tools -o wide"],
  async run(context, { options }) {
    const { service, environment } = options;
    const query = { service, environment };
    const answer = await context.connect(options).call("catalogueTools", { query });
    const format = context.format(options);
    const rows = answer.items.flatMap(({ places, ...tool }) =>
      places.flatMap(({ programs, ...place }) =>
        (programs.length === 0 ? [null] : programs).map((ran) => ({ ...tool, ...place, ran })),
      ),
    );
    if (options.csv) {
      context.terminal.print(csvLine(["tool", "does", "touch", "scans", "service", "environment", "check", "configuration", "program", "version", "first seen", "last seen", "runs", "data"])); // prettier-ignore
      for (const { ran, ...one } of rows) {
        const data = Object.entries(one.data).map(([key, value]) => `${key} ${value}`);
        context.terminal.print(
          csvLine([one.tool, one.does, one.touch, one.scans.join(" "), one.service, one.environment, one.check, JSON.stringify(one.configuration), ran?.program ?? "", ran?.version ?? "", ran?.firstSeen ?? "", ran?.lastSeen ?? "", String(ran?.runs ?? 0), data.join("; ")]), // prettier-ignore
        );
      }
      return exit.done;
    }
    await printList(context.terminal, format, {
      items: rows,
      columns: [
        { title: "tool", value: ({ tool }) => tool },
        { title: "where", value: (one) => `${one.service}/${one.environment}` },
        { title: "check", value: ({ check }) => check },
        { title: "program", value: ({ ran }) => ran?.program ?? "-" },
        { title: "version", value: ({ ran }) => ran?.version ?? "has not run" },
        { title: "last seen", value: ({ ran }) => when(ran?.lastSeen ?? null) },
        { title: "runs", value: ({ ran }) => String(ran?.runs ?? 0) },
        { title: "does", value: ({ does }) => does },
        {
          title: "set to",
          wide: true,
          value: ({ configuration }) => JSON.stringify(configuration),
        },
      ],
      name: ({ tool }) => tool,
      empty: "nothing is demanded anywhere: tidelock pipeline apply",
    });
    return exit.done;
  },
});
