import { proposalsOf } from "../acts/control.ts";
import type { AcceptedRisk, FindingSummary, FindingView } from "../../../api/views/finding.ts";
import { guidanceFor } from "../../../findings/guidance.ts";
import { openStatuses } from "../../../model/finding.ts";
import { liveIn } from "../../../store/queries/findings-list.ts";
import {
  claimsOfFinding,
  fingerprintsOfFinding,
  type HistoryRow,
  historyOfFinding,
  observationsOfFinding,
  relatedFindings,
} from "../../../store/queries/findings-show.ts";
import { namesOf } from "../../../store/queries/grants.ts";
import type { Db } from "../../../store/schema.ts";
import type { FindingRow, SeenFindingRow } from "../../../store/schema-findings.ts";
import { acceptedRisks } from "../../waivers/accepted.ts";
import { releaseNames } from "./import-view.ts";

/** Observations of one finding that are shown. */
const shownObservations = 50;

export async function summaries(
  db: Db,
  rows: readonly SeenFindingRow[],
): Promise<FindingSummary[]> {
  const ids = rows.map(({ id }) => id);
  const [live, accepted] = await Promise.all([liveIn(db, ids), acceptedRisks(db, ids)]);
  return rows.map((row) =>
    summaryOf(
      row,
      live.get(row.id) ?? [],
      openStatuses.includes(row.status) ? (accepted.get(row.id) ?? []) : [],
    ),
  );
}

function summaryOf(
  row: SeenFindingRow,
  live: readonly string[],
  accepted: readonly AcceptedRisk[],
): FindingSummary {
  const { due_at: due, severity, details } = row;
  const { fixedIn } = details;
  return {
    id: `F-${row.id}`,
    service: row.service,
    environment: row.environment,
    kind: row.kind,
    rule: row.rule,
    title: row.title,
    place: row.place,
    severity,
    severityStated: row.severity_stated,
    status: row.status,
    aliases: row.aliases,
    cwe: row.cwe,
    tools: row.tools,
    firstSeen: row.first_seen.toISOString(),
    lastSeen: row.last_seen.toISOString(),
    firstRelease: row.first_release,
    lastRelease: row.last_release,
    reopened: row.reopened,
    assignee: row.assignee,
    due: due?.toISOString() ?? null,
    paused: row.paused,
    priority: { rank: row.urgency, why: whyOf(row) },
    knownExploited: row.known_exploited,
    epss: row.epss,
    fixedIn: typeof fixedIn === "string" ? fixedIn : null,
    liveIn: [...live],
    overdue:
      due !== null &&
      row.paused === null &&
      due.getTime() < Date.now() &&
      openStatuses.includes(row.status),
    accepted: [...accepted],
  };
}

/** Until it was ranked, in a moment, what its tools say. */
function whyOf({ severity, severity_stated: stated, urgency_why: why }: FindingRow): string {
  if (why !== "") return why;
  return stated ? severity : `${severity}, which nobody stated`;
}

export async function findingView(db: Db, row: SeenFindingRow): Promise<FindingView> {
  const [summary] = await summaries(db, [row]);
  if (!summary) throw new Error("one row, no view");
  const named = releaseNames(db);
  const observations = await observationsOfFinding(db, row.id, shownObservations);
  const { message, references } = row.details;
  const verified = row.verified_release && (await named(row.verified_release));
  return {
    ...summary,
    changes: row.changes,
    proposals: await proposalsOf(db, row.id),
    message: typeof message === "string" ? message : "",
    fingerprints: await fingerprintsOfFinding(db, row.id),
    observations: await Promise.all(
      observations.newest.map(async ({ content, at, release, ...one }) => ({
        ...one,
        at: at.toISOString(),
        release: await named(release),
        observation: content,
      })),
    ),
    observationCount: observations.count,
    history: await Promise.all(
      (await historyOfFinding(db, row.id)).map(async (change) => ({
        at: change.at.toISOString(),
        kind: change.kind,
        from: change.from_status,
        to: change.to_status,
        by: (await signersOf(db, change)) ?? change.by ?? "tidelock",
        text: await textOf(change, named),
      })),
    ),
    related: [...(await relatedFindings(db, row.id))],
    claims: (await claimsOfFinding(db, row.id)).map(({ content, at, ...claim }) => ({
      ...claim,
      justification: content.claim?.justification ?? content.claim?.statement ?? "",
      at: at.toISOString(),
    })),
    guidance: guidanceFor({
      kind: row.kind,
      rule: row.rule,
      cwe: row.cwe,
      aliases: row.aliases,
      references: Array.isArray(references)
        ? references.filter((one) => typeof one === "string")
        : [],
    }).map(({ title, url, from }) => ({
      title: from === "report" ? `as the report says: ${title}` : title,
      url,
    })),
    fixedAt: row.fixed_at?.toISOString() ?? null,
    verified:
      verified && row.verified_at ? { at: row.verified_at.toISOString(), release: verified } : null,
    closedAt: row.closed_at?.toISOString() ?? null,
  };
}

/** Who signed what two people have signed: the token under which the second signature came in is nobody's name. */
async function signersOf(db: Db, { detail }: HistoryRow): Promise<string | null> {
  const people = ["proposedBy", "confirmedBy"].flatMap((key) => {
    const person = detail[key];
    return typeof person === "string" ? [person] : [];
  });
  if (people.length === 0) return null;
  const names = people.map(async (person) => (await namesOf(db, person)).names[0] ?? person);
  return (await Promise.all(names)).join(" and ");
}

type Named = ReturnType<typeof releaseNames>;

/** A change as a sentence. */
async function textOf(
  { kind, to_status: to, detail, tool, import: by }: HistoryRow,
  named: Named,
): Promise<string> {
  const text = (key: string) => (typeof detail[key] === "string" ? detail[key] : "");
  const release = text("release") === "" ? null : await named(text("release"));
  const version = release === null ? "" : (release.version ?? release.id);
  const source = tool === null ? "" : ` by ${tool} (${by})`;
  switch (kind) {
    case "opened":
      return `seen first${source}`;
    case "reopened":
      return `${text("why") || "seen again"}${version === "" ? "" : ` in ${version}`}${source}`;
    case "went-live":
      return to === "closed"
        ? `${version}, which does not have it, is live in ${text("environment")}`
        : `${version}, which has it, is live in ${text("environment")} again`;
    case "unseen":
      return `a complete scan does not show it${source}`;
    case "severity":
      return `${text("from")} became ${text("to")}${source}`;
    case "verified":
      return `a complete scan of ${version} does not see it any more${source}`;
    case "fingerprint-moved":
      return `known by ${text("algorithm")} from here on, as F-${String(detail["finding"])} was${source}`;
    case "assign":
      return text("to") === "" ? "assigned to nobody" : `assigned to ${text("to")}`;
    case "raise":
      return `worse than its tools say: ${text("severity")}: ${text("reason")}`;
    case "retire-scan":
      return `two people retired the scan of ${text("tool")} that saw it: ${text("reason")}`;
    case "lower":
      return `two people judged it ${text("severity")} until ${text("until")}: ${text("reason")}`;
    case "false-positive":
      return `two people call it a false positive until ${text("until")}: ${text("reason")}`;
    default:
      return text("text") || text("why") || text("reason") || text("note") || kind;
  }
}
