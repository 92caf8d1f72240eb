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

function countOf(items: readonly FactFinding[]): FindingCounts {
  const those = (is: (one: FactFinding) => boolean) => items.filter(is).length;
  const bad = (severity: FactFinding["severity"]) => those((one) => one.severity === severity);
  // Where no list of what is exploited is here, nobody knows how many.
  const listed = items.every(({ knownExploited }) => knownExploited !== null);
  return {
    total: items.length,
    critical: bad("critical"),
    high: bad("high"),
    medium: bad("medium"),
    low: bad("low"),
    info: bad("info"),
    knownExploited: listed ? those((one) => one.knownExploited === true) : null,
    fixable: those((one) => one.fixable),
    overdue: those((one) => one.overdue),
  };
}
