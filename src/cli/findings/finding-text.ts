import type { FindingSummary, FindingView, ImportView } from "../../api/views/finding.ts";
import { placeName } from "../../findings/judge.ts";
import type { FindingFilter } from "../../ports/finding-control.ts";
import type { Column } from "../output/print.ts";
import { shortDigest, spanText, when } from "../output/words.ts";

/** Findings in words. Everything a report brought is hostile: what prints these texts escapes them. */

/** Characters of a title or a place in a table; `-o wide` and `findings show` have the whole. */
const cell = 60;

export function cut(text: string, most = cell): string {
  const one = text.replaceAll(/\s+/g, " ").trim();
  return one.length > most ? `${one.slice(0, most - 1)}…` : one;
}

export function whereText(place: FindingSummary["place"]): string {
  return placeName({ place });
}

/** `high`, `critical?`: a severity that nobody stated counts as the worst, and says so. */
export function severityText(one: Pick<FindingSummary, "severity" | "severityStated">): string {
  return one.severityStated ? one.severity : `${one.severity}?`;
}

/** `open`, `triaged, risk accepted in production` */
export function statusText({
  status,
  accepted,
}: Pick<FindingSummary, "status" | "accepted">): string {
  const places = [...new Set(accepted.map(({ environment }) => environment))].join(", ");
  return places === "" ? status : `${status}, risk accepted in ${places}`;
}

/** `production until 2026-12-31 09:00 by W-7` */
export function acceptedText(one: FindingSummary["accepted"][number]): string {
  const only = one.release === null ? "" : `, of release ${shortDigest(one.release)} alone`;
  return `in ${one.environment} until ${when(one.until)} by ${one.waiver}${only}`;
}

/** `3 d`, `5 h 12 m` */
export function ageText(from: string, until: number = Date.now()): string {
  const ms = Math.max(0, until - Date.parse(from));
  const days = Math.floor(ms / 86_400_000);
  return days >= 2 ? `${days} d` : spanText(ms);
}

/** `in 3 d`, `5 d ago!`, `paused`, `-` */
export function dueText(one: Pick<FindingSummary, "due" | "paused" | "overdue">): string {
  if (one.due === null) return "-";
  if (one.paused !== null) return "paused";
  if (one.overdue) return `${ageText(one.due)} ago!`;
  const left = Date.parse(one.due) - Date.now();
  return left < 0
    ? `${ageText(one.due)} ago`
    : `in ${ageText(new Date().toISOString(), Date.parse(one.due))}`;
}

export const findingColumns: readonly Column<FindingSummary>[] = [
  { title: "id", value: ({ id }) => id },
  {
    title: "severity",
    value: (one) => `${severityText(one)}${one.knownExploited === true ? ", exploited" : ""}`,
  },
  { title: "status", value: statusText },
  { title: "title", value: ({ title, rule }) => cut(title === "" ? rule : title) },
  { title: "where", value: ({ place }) => cut(whereText(place), 40) },
  { title: "tool", value: ({ tools }) => cut(tools.join(", "), 30) },
  { title: "age", value: ({ firstSeen }) => ageText(firstSeen) },
  { title: "due", value: dueText },
  { title: "live in", value: ({ liveIn }) => liveIn.join(", ") || "-" },
];

export const wideFindingColumns: readonly Column<FindingSummary>[] = [
  ...findingColumns.map((column) =>
    column.title === "title"
      ? { ...column, value: (one: FindingSummary) => cut(one.title, 300) }
      : column.title === "where"
        ? { ...column, value: (one: FindingSummary) => cut(whereText(one.place), 300) }
        : column,
  ),
  { title: "service", value: ({ service }) => service },
  { title: "kind", value: ({ kind }) => kind },
  { title: "rule", value: ({ rule }) => cut(rule, 200) },
  { title: "fixed in", value: ({ fixedIn }) => fixedIn ?? "-" },
  { title: "assignee", value: ({ assignee }) => assignee ?? "-" },
  { title: "why", value: ({ priority }) => priority.why },
];

/** `shop@1.4.2`, or what is known of it. */
export function releaseText(release: ImportView["release"]): string {
  if (release === null) return "none";
  return release.version ?? shortDigest(release.id);
}

/** What follows `tidelock findings list` to see exactly these rows. */
export function filterWords(filter: Readonly<Record<string, string>>): string {
  return Object.entries(filter)
    .map(([key, value]) => {
      const option = `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
      if (value === "true" && flags.has(key)) return option;
      return `${option} ${/^[\w.,:@/+-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`}`;
    })
    .join(" ");
}

const flags: ReadonlySet<string> = new Set<keyof FindingFilter>(["overdue"]);

/** `history` line, claim and the like of one finding, for a page of text. */
export function historyText({ history }: FindingView): readonly (readonly [string, string])[] {
  return history.map((one) => {
    const change = one.from !== one.to && one.to !== null ? ` -> ${one.to}` : "";
    return [one.at, `${one.kind}${change}  ${one.text}  (${one.by})`] as const;
  });
}
