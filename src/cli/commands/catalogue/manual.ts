import type { CatalogueManual } from "../../../api/routes/catalogue.ts";
import { csvLine } from "../../csv.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, flag, name, outputOption } from "../../options.ts";
import { printList } from "../../output/print.ts";
import { spanText, when } from "../../output/words.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    service: name("--service <name>", "only of this service"),
    environment: name("--environment <name>", "only in this environment"),
    calendar: flag("--calendar", "what comes next first"),
    history: flag("--history", "every time that people were asked"),
    csv: flag("--csv", "as comma-separated values"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Every check that people answer: what it asks, who may answer, when they did last, and until when that counts. An answer that ran out is asked for anew with the next promotion.",
  examples: ["tidelock catalogue manual --calendar", "tidelock catalogue manual --history --csv"],
  async run(context, { options }) {
    const { service, environment } = options;
    const query = { service, environment };
    const answer = await context.connect(options).call("catalogueManual", { query });
    const { terminal } = context;
    if (options.history) {
      const items = answer.items.flatMap((one) =>
        one.history.map((asked) => ({
          ...asked,
          where: `${one.service}/${one.environment}`,
          check: one.check,
          role: one.role,
        })),
      );
      if (options.csv) {
        terminal.print(csvLine(["where", "check", "role", "asked", "answered", "by", "verdict", "release", "promotion", "request", "used again"])); // prettier-ignore
        for (const one of items) terminal.print(csvLine([one.where, one.check, one.role, one.askedAt, one.answeredAt ?? "", one.by ?? "", one.verdict ?? "", one.release ?? "", one.promotion, one.request, one.reused ? "yes" : "no"])); // prettier-ignore
        return exit.done;
      }
      await printList(terminal, context.format(options), {
        items,
        columns: [
          { title: "where", value: ({ where }) => where },
          { title: "check", value: ({ check }) => check },
          { title: "asked", value: ({ askedAt }) => when(askedAt) },
          { title: "answered", value: ({ answeredAt }) => when(answeredAt) },
          { title: "by", value: ({ by }) => by ?? "-" },
          { title: "verdict", value: ({ verdict }) => verdict ?? "-" },
          { title: "release", value: ({ release }) => release ?? "-" },
          { title: "promotion", value: ({ promotion }) => promotion },
        ],
        name: ({ request }) => request,
        empty: "nobody was asked anything",
      });
      return exit.done;
    }
    const items = options.calendar ? [...answer.items].sort(soonest) : answer.items;
    if (options.csv) {
      terminal.print(csvLine(["service", "environment", "check", "role", "kind", "asks", "who may answer", "last", "by", "verdict", "state", "next"])); // prettier-ignore
      for (const one of items) terminal.print(csvLine([one.service, one.environment, one.check, one.role, one.kind, one.asks.join("\n"), one.holders.join(", "), one.last?.at ?? "", one.last?.by ?? "", one.last?.verdict ?? "", one.next.state, one.next.at ?? ""])); // prettier-ignore
      return exit.done;
    }
    await printList(terminal, context.format(options), {
      items,
      columns: [
        { title: "where", value: (one) => `${one.service}/${one.environment}` },
        { title: "check", value: ({ check }) => check },
        {
          title: "asks",
          value: ({ asks, kind }) =>
            `${kind}: ${asks.length} ${asks.length === 1 ? "line" : "lines"}`,
        },
        {
          title: "of",
          value: ({ role, holders }) => `${role} (${holders.join(", ") || "nobody has it"})`,
        },
        {
          title: "last",
          value: ({ last }) =>
            last ? `${last.verdict ?? "?"} by ${last.by}, ${when(last.at)}` : "never",
        },
        { title: "next", value: nextText },
        { title: "counts for", value: ({ validForMs }) => spanText(validForMs) },
        { title: "in words", wide: true, value: ({ asks }) => asks.join(" | ") },
      ],
      name: ({ check }) => check,
      empty: "nobody is asked anything: docs/checks.md, manual",
    });
    return exit.done;
  },
});

function nextText({ next: { state, at } }: CatalogueManual): string {
  switch (state) {
    case "waiting":
      return `somebody is waited for until ${when(at)}`;
    case "valid":
      return `asked anew after ${when(at)}`;
    case "expired":
      return `ran out ${when(at)}: asked with the next promotion`;
    case "refused":
      return "asked anew with the next promotion, as the last answer let none go on";
    case "never":
      return "with the next promotion";
  }
}

/** Whoever is waited for first, then what runs out first; what has no day comes last. */
function soonest(a: CatalogueManual, b: CatalogueManual): number {
  const order = ({ next: { state, at } }: CatalogueManual) =>
    at === null ? Number.POSITIVE_INFINITY : Date.parse(at) - (state === "waiting" ? 1e15 : 0);
  const [one, other] = [order(a), order(b)];
  return one === other ? 0 : one < other ? -1 : 1;
}
