import canonicalize from "canonicalize";
import { digestOfStreams, ExportEnd } from "../export-end.ts";
import type { Subject } from "../format.ts";
import type { LogEntry } from "../log-entry.ts";
import type { Findings } from "../report.ts";

/** Kinds by which the verifier steers; all others are content. */
export const headKind = "stream.head";

/**
 * Each stream in the pack is whole: sequence 1 to its head without a gap, each leaf naming the one before,
 * each place in the log taken once. A fork shows as two entries with one sequence or one index. All end in
 * the same export, and are the ones that it had.
 *
 * @param required streams that this pack must have, each with the reason
 */
export function checkStreams(
  entries: readonly LogEntry[],
  subject: Subject,
  required: ReadonlyMap<string, string>,
  findings: Findings,
): void {
  const streams = byStream(entries);
  for (const [stream, chain] of streams) {
    findings.seen("streams");
    checkChain(stream, chain, findings);
  }
  checkExport(streams, subject, findings);
  const there = new Set(entries.map(({ leaf }) => leaf.stream));
  for (const [stream, reason] of required) {
    if (!there.has(stream)) findings.problem("streams", { stream }, `it is missing: ${reason}`);
  }
}

export function byStream(entries: readonly LogEntry[]): ReadonlyMap<string, readonly LogEntry[]> {
  const streams = new Map<string, LogEntry[]>();
  for (const entry of entries) {
    const chain = streams.get(entry.leaf.stream);
    if (chain === undefined) streams.set(entry.leaf.stream, [entry]);
    else chain.push(entry);
  }
  return streams;
}

function checkChain(stream: string, chain: readonly LogEntry[], findings: Findings): void {
  let before: LogEntry | undefined;
  for (const entry of chain) {
    const wanted = (before?.leaf.sequence ?? 0) + 1;
    const { sequence, previous } = entry.leaf;
    const at = { file: "entries.jsonl", entry: entry.index, stream };
    if (sequence > wanted) {
      const missing = sequence === wanted + 1 ? `${wanted} is` : `${wanted} to ${sequence - 1} are`;
      findings.problem("streams", at, `a gap: number ${missing} missing before number ${sequence}`);
    } else if (sequence < wanted) {
      findings.problem("streams", at, `a fork: number ${sequence} is there a second time`);
    } else if (previous !== (before?.leafHash ?? null)) {
      const message = `a fork: number ${sequence} does not follow the entry that stands before it`;
      findings.problem("streams", at, message);
    }
    before = entry;
  }
  if (before !== undefined && before.leaf.kind !== headKind) {
    findings.problem(
      "streams",
      { file: "entries.jsonl", entry: before.index, stream },
      `it ends in ${before.leaf.kind} instead of ${headKind}: its end was left out`,
    );
  }
}

/** The last of the heads says which export this is; every other stream ends in that one too. */
function checkExport(
  streams: ReadonlyMap<string, readonly LogEntry[]>,
  subject: Subject,
  findings: Findings,
): void {
  const heads = [...streams.values()]
    .flatMap((chain) => chain.at(-1) ?? [])
    .filter(({ leaf }) => leaf.kind === headKind)
    .sort((a, b) => a.index - b.index);
  const last = heads.at(-1);
  if (last === undefined) return;
  const end = ExportEnd.safeParse(last.payload);
  for (const head of heads) {
    const at = { file: "entries.jsonl", entry: head.index, stream: head.leaf.stream };
    const problem = (message: string): void => findings.problem("streams", at, message);
    const own = ExportEnd.safeParse(head.payload);
    if (!own.success || !end.success) problem("its end does not say of which export it is");
    else if (own.data.export !== end.data.export) {
      problem("it ends in an earlier export: what came after that was left out");
    } else if (canonicalize(own.data) !== canonicalize(end.data)) {
      problem("its end says something else of the export than the other streams' ends");
    }
  }
  if (!end.success) return;
  const { count, digest } = end.data.streams;
  if (digest !== digestOfStreams([...streams.keys()])) {
    const message = `the export had ${count} streams, and the ${streams.size} here are not all of them`;
    findings.problem("streams", { file: "entries.jsonl" }, message);
  }
  if (canonicalize(end.data.subject) !== canonicalize(subject)) {
    const message = "the pack says that it is about something else than what was exported";
    findings.problem("streams", { file: "manifest.json" }, message);
  }
}

/** What ends an effect that was begun; `unseen`: nobody was left to say how, and the log says that. */
const ends = new Set(["effect.outcome", "effect.failure", "effect.unseen"]);

/** Law 1: whatever was begun has an end on record, so that a failed run cannot be left out. */
export function checkIntents(entries: readonly LogEntry[], findings: Findings): void {
  for (const chain of byStream(entries).values()) {
    const open = new Map<string, LogEntry>();
    for (const entry of chain) {
      const { kind, operation } = entry.leaf;
      if (kind === "effect.intent") {
        findings.seen("intents");
        open.set(operation, entry);
      } else if (ends.has(kind)) open.delete(operation);
      if (kind === "effect.unseen") {
        findings.note("intents", `entry ${entry.index}: nobody saw how ${operation} ended`);
      }
    }
    for (const { index, leaf } of open.values()) {
      findings.problem(
        "intents",
        { file: "entries.jsonl", entry: index, stream: leaf.stream },
        `${leaf.operation} was begun, and nothing says how it ended`,
      );
    }
  }
}

/** A moment at which somebody else saw the log with a size. Unix milliseconds. */
export interface Sighting {
  readonly size: number;
  readonly at: number;
  readonly who: string;
}

/** How far the clocks of database and witnesses may differ. */
const skewMs = 120_000;

/**
 * Within the log time never runs backwards; and an entry that a witness had not seen yet is not older than
 * that witness's timestamp: an entry made up later shows as one.
 */
export function checkTime(
  entries: readonly LogEntry[],
  sightings: readonly Sighting[],
  findings: Findings,
): void {
  let before: LogEntry | undefined;
  const waiting = [...sightings].sort((a, b) => a.size - b.size);
  let newest: Sighting | undefined;
  for (const entry of entries) {
    findings.seen("time");
    const at = { file: "entries.jsonl", entry: entry.index, stream: entry.leaf.stream };
    if (before !== undefined && entry.leaf.time < before.leaf.time) {
      findings.problem(
        "time",
        at,
        `its time (${entry.leaf.time}) is before entry ${before.index}'s`,
      );
    }
    while (waiting[0] !== undefined && waiting[0].size <= entry.index) {
      const next = waiting.shift();
      if (next !== undefined && (newest === undefined || next.at > newest.at)) newest = next;
    }
    if (newest !== undefined && Date.parse(entry.leaf.time) < newest.at - skewMs) {
      findings.problem(
        "time",
        at,
        `it says ${entry.leaf.time}, but it was not there yet when ${newest.who} saw the log with ${newest.size} entries at ${new Date(newest.at).toISOString()}`,
      );
    }
    before = entry;
  }
}
