import type { TrackerIssue } from "../../ports/tracker.ts";
import { printable } from "../../model/printable.ts";
import type { WaitingFinding } from "../../store/queries/service-security.ts";

/** What is written into a tracker about a finding. Pure. */
export function issueOf(finding: WaitingFinding, service: string): TrackerIssue {
  const id = `F-${finding.finding}`;
  return {
    marker: finding.marker,
    finding: id,
    title: `[${id}] ${finding.severity}: ${plain(finding.title, 150)}`,
    body: [
      `${id} of ${service}, ${finding.severity}, first seen ${finding.first_seen.toISOString().slice(0, 10)}.`,
      "",
      "What the tool says, as it says it:",
      "",
      `    ${plain(finding.title, 500)}`,
      `    rule: ${plain(finding.rule, 200)}`,
      `    where: ${plain(JSON.stringify(finding.place), 500)}`,
      `    seen by: ${plain(finding.tools.join(", "), 200)}`,
      "",
      `\`tidelock findings show ${id}\` shows the rest. Closing this issue closes no finding: it ends when a release without it is live in production.`,
    ].join("\n"),
  };
}

/**
 * One line that no tracker takes for anything but words: nobody is mentioned, nothing is linked or rendered. Texts of
 * reports are hostile.
 */
function plain(text: string, most: number): string {
  return printable(text, most)
    .replaceAll("`", "'")
    .replace(/[<>]/g, (sign) => (sign === "<" ? "‹" : "›"))
    .replaceAll("@", "(at)")
    .replace(/:\/\//g, ":/ /")
    .replace(/([A-Za-z0-9_./-])#(\d)/g, "$1 $2");
}
