import type { AuditReport, CheckLine } from "../../audit/report.ts";
import type { DecisionsReplayed } from "../../audit/checks/decisions.ts";
import type { DeploymentStory } from "../../audit/deployments.ts";
import type { Story } from "../../audit/story.ts";
import { reviewText } from "../../audit/review/text.ts";
import type { Subject } from "../../audit/format.ts";
import { peopleLines } from "./people-text.ts";
import { spanText, when } from "../output/words.ts";
import { clean, type Terminal } from "../terminal.ts";

/** A report as an auditor reads it: the answer first, then what it rests on, then what happened. */
export function printReport(terminal: Terminal, report: AuditReport, story: Story | null): void {
  const say = (line: string): void => terminal.print(line);
  const title = (text: string): void => say(`\n${terminal.style("bold", text)}`);
  say(`${answer(terminal, report)}${report.subject ? `: ${subjectText(report.subject)}` : ""}`);
  if (report.assurance) say(assuranceText(report.assurance));
  if (report.checkpoint) {
    const { origin, size, root } = report.checkpoint;
    say(clean(`log ${origin}, ${size} entries, root ${root}`));
  }
  if (report.problems.length > 0) {
    title(`What is wrong (${report.problemCount})`);
    for (const { where, message } of report.problems) say(clean(`✗ ${where}: ${message}`, 2_000));
    const more = report.problemCount - report.problems.length;
    if (more > 0) say(`  and ${more} more`);
  }
  title("What was checked");
  for (const line of report.checks) {
    say(checkText(line));
    for (const note of line.notes) say(clean(`    ${note}`));
  }
  for (const { entry, kind, operation, erasedBy, reason } of report.erased) {
    say(clean(`  erased: entry ${entry} (${kind} ${operation}), by entry ${erasedBy}: ${reason}`));
  }
  if (report.decisions) {
    for (const line of decisionsText(report.decisions)) say(clean(line, 2_000));
  }
  if (story !== null) printStory(terminal, story, title);
  if (report.unknown.length > 0) title("What cannot be known from this pack");
  for (const sentence of report.unknown) say(clean(`- ${sentence}`));
}

function answer(terminal: Terminal, { result }: AuditReport): string {
  switch (result) {
    case "verified":
      return terminal.style("green", "✓ verified");
    case "consistent-not-authenticated":
      return terminal.style("yellow", "! consistent, not authenticated");
    case "failed":
      return terminal.style("red", "✗ verification failed");
  }
}

export function subjectText(subject: Subject): string {
  if (subject.kind === "access-review") return `access review ${subject.review}`;
  return subject.kind === "release"
    ? `${subject.service}@${subject.version}`
    : `every change in ${subject.environment} from ${when(subject.from)} to ${when(subject.to)}`;
}

function assuranceText(assurance: NonNullable<AuditReport["assurance"]>): string {
  const anchored = (anchors: readonly string[]): string =>
    anchors.length === 0 ? "" : `; anchored by ${anchors.join(", ")}`;
  switch (assurance.grade) {
    case "consistent-not-authenticated":
      return "assurance: none (no trust root was given; --trust)";
    case "self-signed":
      return "assurance: self-signed (the log's own key, and nobody else)";
    case "anchored":
      return clean(`assurance: anchored by ${assurance.anchors.join(", ")}`);
    case "witnessed": {
      const { operators, anchors } = assurance;
      const parties = operators.length === 1 ? "party" : "parties";
      return clean(
        `assurance: witnessed by ${operators.length} independent ${parties} (${operators.join(", ")})${anchored(anchors)}`,
      );
    }
  }
}

function checkText({ state, title, count }: CheckLine): string {
  const icon = { ok: "✓", failed: "✗", none: "·" }[state];
  return `${icon} ${title}${state === "none" ? " (nothing of this kind)" : ` (${count})`}`;
}

function decisionsText({ replayed, notReplayable }: DecisionsReplayed): readonly string[] {
  const decided = replayed === 1 ? "1 decision" : `${replayed} decisions`;
  return [
    `${decided} replayed, ${notReplayable.length} not replayable`,
    ...notReplayable.map(
      ({ entry, operation, reason }) =>
        `    entry ${entry} (${operation}): not replayable: ${reason}`,
    ),
  ];
}

function printStory(terminal: Terminal, story: Story, title: (text: string) => void): void {
  const say = (line: string): void => terminal.print(clean(line));
  if (story.release) {
    const { content, createdAt, createdBy } = story.release;
    title("Who wrote it, and how it came here");
    say(`created ${when(createdAt)} by ${createdBy}`);
    if (content.source.kind === "none") say("from no version control: its authors are unknown");
    else {
      const { revision, commits, truncated, dirty } = content.source;
      say(`from revision ${revision}${dirty ? ", with changes that are in no revision" : ""}`);
      for (const { revision: commit, subject, author, committer, coAuthors } of commits) {
        const others = coAuthors.map(({ name, email }) => `, with ${name} <${email}>`).join("");
        const by =
          author.email === committer.email
            ? ""
            : `, committed by ${committer.name} <${committer.email}>`;
        say(`  ${commit.slice(0, 12)} ${subject} (${author.name} <${author.email}>${by}${others})`);
      }
      if (truncated) say("  history was cut: earlier commits are not proven");
    }
  }
  if (story.promotions.length > 0) title("What happened");
  for (const promotion of story.promotions) {
    const { accepted, ended, at } = promotion;
    const span = ended ? ` after ${spanText(Date.parse(ended.at) - Date.parse(at))}` : "";
    say(
      `${when(at)} ${accepted.promotion} ${promotion.id} into ${promotion.stream}, asked for by ${promotion.by}: ${ended ? `${ended.state}${span}` : "has not ended"}${accepted.reason ? ` (${accepted.reason})` : ""}`,
    );
    for (const [name, { verdict, summary }] of promotion.checks) {
      say(`    check ${name}: ${verdict}${summary ? `: ${summary}` : ""}`);
    }
    for (const { outcome, why } of promotion.decisions) {
      say(`    decision: ${outcome}${why.length > 0 ? ` (${why.join("; ")})` : ""}`);
    }
    for (const moved of promotion.switches) say(`    traffic moved ${when(moved)}`);
  }
  if (story.deployments.length > 0) title("What was live, and how that ended");
  for (const deployment of story.deployments) {
    for (const line of deploymentLines(deployment)) say(line);
  }
  if (story.population) printPopulation(terminal, story.population, title);
  if (story.people.length > 0) {
    title("Whose words count in it");
    for (const line of peopleLines(story.people)) say(line);
  }
  if (story.review) {
    title("The review");
    for (const line of reviewText(story.review).trimEnd().split("\n")) say(line);
  }
  const used = story.documents.filter((document) => document.used);
  if (used.length > 0) title("Policy in force");
  for (const { kind, name, version, digest, at, by } of used) {
    say(`${kind} ${name}, version ${version}, ${digest}, registered ${when(at)} by ${by}`);
  }
}

function deploymentLines(deployment: DeploymentStory): readonly string[] {
  const { stream, release, promotion, from, until, end, revoked, erased } = deployment;
  const lines = [`${when(from)} ${release} became live in ${stream} (${promotion})`];
  if (until === null) lines.push("    live until the end of its stream in this pack");
  else if (end) {
    const how = {
      "rolled-back": `ROLLED BACK to ${end.to ?? "nothing"}`,
      replaced: `replaced by ${end.to}`,
      stopped: "stopped: nothing was live after it",
    }[end.how];
    const by = end.by === null ? "" : ` by ${end.by}`;
    const actor = end.actor === null ? "" : `, asked for by ${end.actor}`;
    const reason = end.reason === "" ? "" : `: ${end.reason}`;
    const span = spanText(Date.parse(until) - Date.parse(from));
    lines.push(`    ${when(until)}, after ${span}: ${how}${by}${actor}${reason}`);
  }
  if (revoked) {
    lines.push(`    revoked ${when(revoked.at)}${revoked.reason ? `: ${revoked.reason}` : ""}`);
  }
  if (erased)
    lines.push("    the last that was recorded of it is erased: it may have ended otherwise");
  return lines;
}

function printPopulation(
  terminal: Terminal,
  population: NonNullable<Story["population"]>,
  title: (text: string) => void,
): void {
  const say = (line: string): void => terminal.print(clean(line));
  title(`All changes (${population.changes.length})`);
  for (const [category, count] of Object.entries(population.counts)) {
    if (count > 0) say(`${String(count).padStart(6)}  ${category}`);
  }
  for (const { at, category, stream, operation, by } of population.changes) {
    say(`${when(at)}  ${category.padEnd(13)} ${stream}  ${operation}  by ${by}`);
  }
  title(`Held against ${population.observed} entries that host agents signed`);
  const { outside, unobserved, gaps, drift } = population;
  for (const { at, what } of outside) say(`! outside of Tidelock: ${at} ${what}`);
  for (const { what } of unobserved) say(`! in the ledger, and seen by no agent: ${what}`);
  for (const gap of gaps) say(`! gap: ${gap}`);
  for (const difference of drift) say(`! now: ${difference}`);
  if (outside.length + unobserved.length + gaps.length + drift.length === 0) {
    say("nothing was done outside of Tidelock that an agent saw, and nothing is missing");
  }
}
