import type { ReviewView } from "../../api/routes/reviews.ts";
import type { Card, Column } from "../output/print.ts";
import { when } from "../output/words.ts";
import { scopeText } from "./cards.ts";

type Line = ReviewView["lines"][number];

export const reviewLineColumns: readonly Column<Line>[] = [
  { title: "line", value: ({ line }) => line.id },
  { title: "who", value: ({ line, name }) => name ?? line.person ?? `token ${line.token ?? "?"}` },
  { title: "has", value: ({ line }) => line.has },
  { title: "where", value: ({ line }) => scopeText(line) },
  { title: "since", value: ({ line }) => when(line.since) },
  { title: "last used", value: ({ line }) => line.lastUsed ?? "-" },
  { title: "word", value: ({ word }) => wordText(word) },
  { title: "unused", wide: true, value: ({ line }) => line.unused.join(" ") || "-" },
];

function wordText(word: Line["word"]): string {
  if (word === null) return "-";
  const by = word.by.name ?? word.by.person;
  const done = word.done === false ? ` (NOT taken away: ${word.why ?? "?"})` : "";
  return `${word.answer} by ${by}: ${word.reason}${done}`;
}

export function reviewCard(view: ReviewView): Card<ReviewView> {
  const words = view.lines.flatMap(({ word }) => (word === null ? [] : [word]));
  const removed = words.filter(({ done }) => done === true).length;
  const left = words.filter(({ done }) => done === false).length;
  return {
    item: view,
    name: view.id,
    lines: [
      ["review", view.id],
      ["of", view.service ?? "every service"],
      ["state", `${view.state}: ${view.open} of ${view.lines.length} lines are open`],
      ["due", when(view.dueAt)],
      ["begun", `${view.startedBy}, ${when(view.startedAt)}`],
      ["taken away", `${removed}${left === 0 ? "" : `; ${left} were to be and are NOT`}`],
      ["report", view.report],
    ],
  };
}
