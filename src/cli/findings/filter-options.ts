import { FindingStage } from "../../api/views/finding.ts";
import { FindingKind, Severity } from "../../model/observation.ts";
import { choice, flag, name, text } from "../options.ts";

/** What narrows a list of findings: the same words that metrics name the rows of a number by. */
export const findingFilterOptions = {
  service: name("--service <name>", "only of this service (default: every one)"),
  environment: name(
    "--env, --environment <name>",
    "seen there first, bound to it, or live there now",
  ),
  status: text(
    "--status <list>",
    "open, triaged, in-progress, fixed, verified, closed, false-positive, or any; default: what is not settled",
  ),
  state: choice(
    "--state <word>",
    "its risk is accepted (in --environment), or it is open and not",
    ["risk-accepted", "not-accepted"],
  ),
  severity: choice("--severity <word>", "this one and worse", Severity.options),
  severityIs: choice("--severity-is <word>", "this one alone", Severity.options),
  kind: choice("--kind <kind>", "what kind of thing it is", FindingKind.options),
  tool: text("--tool <name>", "seen by this tool, among others"),
  foundBy: text("--found-by <tool>", "seen by this tool first"),
  onlyBy: text("--only-by <tool>", "seen by this tool alone"),
  foundIn: text("--found-in <environment>", "seen there first; - for none"),
  stage: choice(
    "--stage <tier>",
    "tier of the environment in which it was seen first; `release`: of none",
    FindingStage.options,
  ),
  foundFrom: text("--found-from <time>", "first seen then or later (2026-10-01 or RFC 3339)"),
  foundUntil: text("--found-until <time>", "first seen before"),
  closedFrom: text("--closed-from <time>", "gone from production then or later"),
  closedUntil: text("--closed-until <time>", "gone from production before"),
  reopened: choice("--reopened <answer>", "came back at least once, or never", ["true", "false"]),
  gone: choice("--gone <answer>", "verified or closed, or came back after that", ["true", "false"]),
  sla: choice("--sla <answer>", "closed by its date, or not; or either of them", [
    "kept",
    "missed",
    "decided",
  ]),
  assignee: text("--assignee <person>", "who it is assigned to; - for nobody"),
  overdue: flag("--overdue", "past its date and not settled"),
  search: text("--search <words>", "in title, rule, other names, place"),
} as const;

type Given = { readonly [K in keyof typeof findingFilterOptions]?: unknown };

const times: ReadonlySet<string> = new Set([
  "foundFrom",
  "foundUntil",
  "closedFrom",
  "closedUntil",
]);

/** The query of a list call; what was not given is left out. */
export function filterQuery(options: Given): Record<string, string> {
  return Object.fromEntries(
    (Object.keys(findingFilterOptions) as (keyof Given)[]).flatMap((key) => {
      const value = options[key];
      if (value === undefined || value === false) return [];
      return [[key, times.has(key) ? time(String(value)) : String(value)]];
    }),
  );
}

/** A day means its beginning, UTC. What is no time is for the server to refuse, by its name. */
function time(given: string): string {
  const date = new Date(/^\d{4}-\d{2}-\d{2}$/.test(given) ? `${given}T00:00:00Z` : given);
  return Number.isNaN(date.getTime()) ? given : date.toISOString();
}
