import type { FindingView } from "../../../api/views/finding.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { findingId } from "../../findings/finding-id.ts";
import {
  acceptedText,
  ageText,
  cut,
  dueText,
  historyText,
  releaseText,
  severityText,
  statusText,
  whereText,
} from "../../findings/finding-text.ts";
import { proposalLines } from "../../findings/proposal-card.ts";
import { argument, connectionOptions, outputOption } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { when } from "../../output/words.ts";
import { clean, type Terminal } from "../../terminal.ts";

export const command = defineCommand({
  arguments: { id: argument("id", "F-42, or 42") },
  options: { ...connectionOptions, ...outputOption },
  examples: ["tidelock findings show F-42"],
  async run(context, { args, options }) {
    const id = findingId(args.id);
    const view = await context.connect(options).call("findingShow", { params: { id } });
    const format = context.format(options);
    await printOne(context.terminal, format, {
      item: view,
      name: view.id,
      lines: factLines(view),
    });
    if (format === "table" || format === "wide") {
      printSections(context.terminal, view, format === "wide");
    }
    return exit.done;
  },
});

/** What is it, how bad, where, since when, who cares, by when: before anything else. */
function factLines(view: FindingView): readonly (readonly [string, string | null])[] {
  const epss = view.epss === null ? "EPSS unknown" : `EPSS ${(view.epss * 100).toFixed(1)} %`;
  const urgency = [
    view.knownExploited === true ? "KNOWN EXPLOITED" : "",
    view.priority.why,
    view.priority.why.includes("EPSS") ? "" : epss,
  ];
  return [
    ["finding", `${view.id}  ${view.title}`],
    [
      "severity",
      `${severityText(view)}${view.severityStated ? "" : " (the tool stated none: unknown counts as the worst)"}`,
    ],
    ["urgency", urgency.filter(Boolean).join("; ")],
    [
      "status",
      statusText(view) + (view.reopened === 0 ? "" : `, came back ${view.reopened} times`),
    ],
    ["live in", view.liveIn.join(", ") || "nowhere"],
    ["where", whereText(view.place)],
    ["kind", view.kind],
    ["rule", view.rule],
    ["also known as", view.aliases.filter((one) => one !== view.rule).join(", ") || null],
    ["weakness", view.cwe.map((id) => `CWE-${id}`).join(", ") || null],
    ["fixed in", view.fixedIn],
    ["service", view.service + (view.environment === null ? "" : ` in ${view.environment}`)],
    ["tools", view.tools.join(", ")],
    ["first seen", `${when(view.firstSeen)} (${ageText(view.firstSeen)} ago)`],
    ["last seen", `${when(view.lastSeen)} (${ageText(view.lastSeen)} ago)`],
    ["change", view.changes === undefined ? null : String(view.changes)],
    ["assignee", view.assignee ?? "nobody"],
    ["due", view.due === null ? null : `${when(view.due)} (${dueText(view)})`],
    ["clock paused", view.paused],
    ["fixed", view.fixedAt === null ? null : `${when(view.fixedAt)}, as somebody says`],
    [
      "verified",
      view.verified === null
        ? null
        : `${when(view.verified.at)}: a complete trusted scan of ${releaseText(view.verified.release)} does not see it`,
    ],
    [
      "closed",
      view.closedAt === null ? null : `${when(view.closedAt)}: production runs without it`,
    ],
  ];
}

const fewObservations = 10;

function printSections(terminal: Terminal, view: FindingView, all: boolean): void {
  const section = (title: string, lines: readonly string[]): void => {
    if (lines.length === 0) return;
    terminal.print(`\n${terminal.style("bold", title)}`);
    for (const line of lines) terminal.print(`  ${line}`);
  };
  section(
    "What it says",
    view.message
      .split(/\r?\n/)
      .map((line) => clean(line, 4_096))
      .filter(Boolean),
  );
  section(
    "What to do",
    view.guidance.map(({ title, url }) => clean(title === url ? url : `${title}  ${url}`)),
  );
  section(
    "Risk accepted",
    view.accepted.flatMap((one) =>
      [
        acceptedText(one),
        `  since ${when(one.since)}, ${one.owner} answers for it; see tidelock waiver show ${one.waiver}`,
        `  why        ${one.reason}`,
        `  meanwhile  ${one.control}`,
      ].map((line) => clean(line, 4_096)),
    ),
  );
  section("Proposed", (view.proposals ?? []).flatMap(proposalLines));
  section(
    "History",
    historyText(view).map(([at, text]) => clean(`${when(at)}  ${text}`)),
  );
  const seen = all ? view.observations : view.observations.slice(0, fewObservations);
  section(
    `Seen ${view.observationCount === 1 ? "once" : `${view.observationCount} times`}${seen.length < view.observationCount ? `, the newest ${seen.length}` : ""}`,
    seen.map((one) => {
      const where = whereText(one.observation.place);
      const place = one.environment === null ? "" : ` in ${one.environment}`;
      return clean(
        `${when(one.at)}  ${one.tool}  ${one.observation.severity}  release ${releaseText(one.release)}${place}  ${cut(where)}  ${one.trust}, import ${one.import}`,
      );
    }),
  );
  section(
    "Claims",
    view.claims.map((one) =>
      clean(
        `${when(one.at)}  ${one.status}  ${one.justification}  by ${one.by || "nobody named"}  ${one.trusted ? "trusted" : "not trusted: it opens no gate"}, import ${one.import}`,
      ),
    ),
  );
  section(
    "Perhaps the same",
    view.related.map((one) => clean(`${one.id}  ${one.tool}  ${cut(one.title)}`)),
  );
  section(
    "Told apart by",
    all ? view.fingerprints.map((one) => clean(`${one.algorithm}  ${one.value}`)) : [],
  );
}
