import {
  type FactFinding,
  type FindingCounts,
  type GateFacts,
  mostFactFindings,
} from "../../model/gate-facts.ts";
import { severities } from "../../model/observation.ts";
import type { OpenFinding } from "../../ports/check.ts";
import { openFindings } from "../findings/open-findings.ts";
import { type FactsSite, secondsSince } from "./site.ts";

const noSignal = new AbortController().signal;

/** What is open of the release, against what was live when the plan was made; held against the ledger. */
export async function findingFacts({
  engine,
  plan,
  now,
}: FactsSite): Promise<GateFacts["findings"]> {
  const live = plan.live?.release ?? null;
  const counted: FactFinding[] = [];
  const asked = { lane: plan.lane, release: plan.release, live, promotion: null, patienceMs: 0 };
  const open = await openFindings(engine, { ...asked, signal: noSignal }, (one) => {
    if (one.setAside === null) counted.push(factOf(one, now, one.waiver !== null));
  });
  if (open.changed !== null) engine.notice(`a gate knows nothing of findings: ${open.changed}`);
  // Of what nobody has listed nobody knows how bad it is.
  if (open.changed !== null || open.left > 0) return null;
  counted.sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
  return {
    ...countsOf(counted),
    scannedBy: [...new Set(open.scans.map(({ tool }) => tool))].sort(),
  };
}

function factOf(one: OpenFinding, now: Date, waived: boolean): FactFinding {
  const { id, kind, severity, rule, aliases, isNew, firstSeen, fixable, overdue } = one;
  // With its keys in canonical order: of ten thousand of these the digest is taken in a third of the time.
  return {
    ageSeconds: secondsSince(firstSeen, now),
    aliases: [...aliases],
    fixable,
    id,
    kind,
    knownExploited: one.knownExploited,
    new: isNew,
    overdue,
    rule,
    severity,
    waived,
  };
}

/** Pure: `items` worst first, as they come. Waived ones are listed and counted nowhere else. */
export function countsOf(
  items: readonly FactFinding[],
): Omit<NonNullable<GateFacts["findings"]>, "scannedBy"> {
  const counted = items.filter(({ waived }) => !waived);
  const kinds = Map.groupBy(counted, ({ kind }) => kind);
  return {
    open: countOf(counted),
    new: countOf(counted.filter((one) => one.new)),
    byKind: Object.fromEntries([...kinds].map(([kind, found]) => [kind, countOf(found)])),
    items: items.length > mostFactFindings ? null : [...items],
  };
}

/** In one pass: it is asked for every kind of every release that is decided again. */
function countOf(items: readonly FactFinding[]): FindingCounts {
  const bad = { critical: 0, high: 0, medium: 0, low: 0, info: 0 };
  let exploited = 0;
  let fixable = 0;
  let overdue = 0;
  let listed = true;
  for (const one of items) {
    bad[one.severity] += 1;
    if (one.knownExploited === null) listed = false;
    if (one.knownExploited === true) exploited += 1;
    if (one.fixable) fixable += 1;
    if (one.overdue) overdue += 1;
  }
  // Where no list of what is exploited is here, nobody knows how many.
  const knownExploited = listed ? exploited : null;
  return { total: items.length, ...bad, knownExploited, fixable, overdue };
}
