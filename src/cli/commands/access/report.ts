import type { AccessReport } from "../../../api/routes/access.ts";
import { scopeText } from "../../access/cards.ts";
import { csvLine } from "../../csv.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, flag, outputOption, text } from "../../options.ts";
import { printList } from "../../output/print.ts";
import { when } from "../../output/words.ts";

type Line = AccessReport["lines"][number];

export const command = defineCommand({
  arguments: {},
  options: {
    can: text("--can <permission>", "only who may do this: promotion.start, secret.write …"),
    notes: flag("--notes", "only what somebody should look at"),
    csv: flag("--csv", "as comma-separated values"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "One line for each way in which somebody may do something now: roles, tokens, rights of signatures, and the token of the data directory. Last use is kept to the hour; a token that is used from more than two networks or programs is called shared.",
  examples: [
    "tidelock access report --can promotion.start",
    "tidelock access report --csv > access.csv",
  ],
  async run(context, { options }) {
    const { lines, reviews } = await context.connect(options).call("accessReport", {});
    const { can } = options;
    const items = lines.filter(
      (line) =>
        (can === undefined || line.permissions.includes(can)) &&
        (!options.notes || line.notes.length > 0),
    );
    if (options.csv) {
      for (const row of [header, ...items.map(rowOf)]) context.terminal.print(csvLine(row));
      return exit.done;
    }
    await printList(context.terminal, context.format(options), {
      items,
      columns: [
        { title: "who", value: ({ who }) => who },
        { title: "kind", value: ({ kind }) => kind },
        { title: "has", value: ({ has }) => has },
        { title: "where", value: scopeText },
        { title: "by", value: ({ by }) => by ?? "-" },
        { title: "given by", value: ({ givenBy }) => givenBy },
        { title: "last used", value: ({ lastUsed }) => (lastUsed === null ? "-" : when(lastUsed)) },
        { title: "look at", value: ({ notes }) => notes.join("; ") || "-" },
        { title: "permissions", wide: true, value: ({ permissions }) => permissions.join(" ") },
      ],
      name: ({ by, who }) => by ?? who,
      empty: "nobody may do that",
    });
    for (const id of reviews.overdue) {
      context.terminal.note(`the review ${id} is over its day: tidelock access review show ${id}`);
    }
    if (reviews.lastDone === null) {
      context.terminal.note(
        "nobody has reviewed this yet: tidelock access review start --quarterly",
      );
    }
    return exit.done;
  },
});

const header = ["who", "kind", "has", "service", "environment", "by", "given by", "since", "until", "last used", "notes", "permissions"]; // prettier-ignore

function rowOf(line: Line): readonly string[] {
  return [
    line.who,
    line.kind,
    line.has,
    line.service ?? "*",
    line.environment ?? "*",
    line.by ?? "",
    line.givenBy,
    line.since ?? "",
    line.until ?? "",
    line.lastUsed ?? "",
    line.notes.join("; "),
    line.permissions.join(" "),
  ];
}
