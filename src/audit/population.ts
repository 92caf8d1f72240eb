import type { Subject } from "./format.ts";
import type { Journals, Observed } from "./checks/journal.ts";
import { laneStreamsOf } from "./lane-streams.ts";
import type { LogEntry } from "./log-entry.ts";
import { Accepted, LaneObserved } from "./payloads.ts";

export const changeCategories = [
  "normal",
  "emergency",
  "rollback",
  "armed-return",
  "stop",
  "configuration",
  "policy",
  "access",
  "secret",
  "key",
  "upgrade",
  "restore",
  "erasure",
] as const;
export type ChangeCategory = (typeof changeCategories)[number];

export interface Change {
  readonly entry: number;
  readonly at: string;
  readonly category: ChangeCategory;
  readonly kind: string;
  readonly stream: string;
  readonly operation: string;
  readonly by: string;
}

/** Every change of an environment in a time, and what was seen that no entry explains. */
export interface Population {
  readonly changes: readonly Change[];
  readonly counts: Readonly<Record<ChangeCategory, number>>;
  /** Effects that an agent signed and for which no intent stands in the ledger: made outside of Tidelock. */
  readonly outside: readonly { readonly at: string; readonly what: string }[];
  /** Movements of traffic that the ledger says were done and no agent of this pack has seen. */
  readonly unobserved: readonly { readonly entry: number; readonly what: string }[];
  /** Holes in agents' journals: what happened there, nobody can say. */
  readonly gaps: readonly string[];
  /** What routers said at the export, where it is not what the ledger says. */
  readonly drift: readonly string[];
  /** Journal entries that were held against the ledger. */
  readonly observed: number;
}

/**
 * The whole population of changes, reconciled in both directions: every effect that an agent signed needs
 * an intent in the ledger, and every movement of traffic in the ledger an agent that saw it.
 */
export function reconcile(
  subject: Extract<Subject, { kind: "environment" }>,
  entries: readonly LogEntry[],
  journals: Journals,
): Population {
  const inside = (time: string) => time >= subject.from && time < subject.to;
  const lanes = laneStreamsOf(entries, subject.environment);
  const changes = entries.flatMap((entry): readonly Change[] => {
    const category = categoryOf(entry);
    const { time, kind, stream, operation, actor } = entry.leaf;
    const here = lanes.has(stream) || stream === "system";
    if (category === null || !here || !inside(time)) return [];
    return [{ entry: entry.index, at: time, category, kind, stream, operation, by: actor }];
  });
  const counts = Object.fromEntries(
    changeCategories.map((category) => [
      category,
      changes.filter((change) => change.category === category).length,
    ]),
  ) as Record<ChangeCategory, number>;
  const observed = journals.observed.filter(
    ({ lane, at }) => lane !== null && lanes.has(lane) && inside(rfc3339(at)),
  );
  return {
    changes,
    counts,
    outside: outsideOf(observed, entries),
    unobserved: unobservedOf(entries, journals, lanes, inside),
    gaps: journals.gaps,
    drift: driftOf(entries, lanes),
    observed: observed.length,
  };
}

const byKind: Readonly<Record<string, ChangeCategory>> = {
  "agent.returned": "armed-return",
  "service.stop-wanted": "stop",
  "service.removed": "stop",
  "configuration.applied": "configuration",
  "document.registered": "policy",
  "secret.put": "secret",
  "key.added": "key",
  "key.retired": "key",
  "key.compromised": "key",
  "server.upgraded": "upgrade",
  "store.restored": "restore",
  "ledger.recovered": "restore",
  "payload.erased": "erasure",
  "person.erased": "erasure",
  "erasure.requested": "erasure",
  "witness.added": "policy",
  "witness.removed": "policy",
  "anchor.added": "policy",
  "anchor.removed": "policy",
  "person.key-added": "access",
  "person.key-removed": "access",
  "person.linked": "access",
  "hold.added": "access",
  "hold.removed": "access",
  "document.removed": "policy",
  "key.ending": "key",
  "log.succeeded": "restore",
};

/** Null for what is no change: reads, reports, decisions, the effects of a change that was counted already. */
export function categoryOf({
  leaf,
  payload,
}: Pick<LogEntry, "leaf" | "payload">): ChangeCategory | null {
  if (leaf.kind === "promotion.accepted") {
    return Accepted.safeParse(payload).data?.promotion === "rollback" ? "rollback" : "normal";
  }
  if (/^(role|grant|access|token|passkey)\./.test(leaf.kind)) return "access";
  return byKind[leaf.kind] ?? null;
}

/** Journal kinds that change what runs or who gets the traffic. */
const effects = new Set(["route", "route-remove", "deploy", "destroy", "forget", "return"]);

function outsideOf(
  observed: readonly Observed[],
  entries: readonly LogEntry[],
): Population["outside"] {
  const intents = new Set(
    entries
      .filter(({ leaf }) => leaf.kind === "effect.intent" || leaf.kind === "agent.returned")
      .map(({ leaf }) => leaf.operation),
  );
  return observed.flatMap((seen) => {
    const { at, kind, lane, operation, sequence, agentId } = seen;
    if (!effects.has(kind)) return [];
    const bare = operation?.replace(/#\d+$/, "") ?? "";
    const returned = `${operation ?? lane}/journal/${sequence}`;
    if (intents.has(bare) || (kind === "return" && intents.has(returned))) return [];
    const what = `${kind} in ${lane} (agent ${agentId}, journal entry ${sequence}, operation ${bare || "none"})`;
    return [{ at, what }];
  });
}

function unobservedOf(
  entries: readonly LogEntry[],
  journals: Journals,
  lanes: ReadonlySet<string>,
  inside: (time: string) => boolean,
): Population["unobserved"] {
  const seen = new Set(
    journals.observed.map(({ operation }) => operation?.replace(/#\d+$/, "") ?? ""),
  );
  return entries.flatMap(({ index, leaf, payload }) => {
    const moved = leaf.kind === "effect.outcome" && leaf.operation.endsWith("/switch");
    if (!moved || !lanes.has(leaf.stream) || !inside(leaf.time)) return [];
    if (payload?.["result"] === "found" || seen.has(leaf.operation)) return [];
    return [{ entry: index, what: `${leaf.operation} in ${leaf.stream}` }];
  });
}

/** The newest look at each lane. */
function driftOf(entries: readonly LogEntry[], lanes: ReadonlySet<string>): readonly string[] {
  const newest = new Map<string, string | null>();
  for (const { leaf, payload } of entries) {
    const look = leaf.kind === "lane.observed" ? LaneObserved.safeParse(payload) : null;
    if (look?.success && lanes.has(look.data.lane)) newest.set(look.data.lane, driftIn(look.data));
  }
  return [...newest.values()].filter((found) => found !== null);
}

function driftIn({
  lane,
  live,
  weights,
  problem,
}: ReturnType<typeof LaneObserved.parse>): string | null {
  if (problem !== null) return `${lane}: could not be looked at: ${problem}`;
  const sends =
    weights === null ? null : weights.blue > 0 ? "blue" : weights.green > 0 ? "green" : null;
  if (sends === live) return null;
  return `${lane}: the ledger's tables say ${live ?? "nothing"} is live, and the router sends to ${sends ?? "nothing"}`;
}

function rfc3339(text: string): string {
  const time = Date.parse(text);
  return Number.isNaN(time) ? "" : new Date(time).toISOString();
}
