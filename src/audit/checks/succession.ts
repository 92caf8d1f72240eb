import { toHex } from "../../ledger/bytes.ts";
import { paths } from "../format.ts";
import type { LogEntry } from "../log-entry.ts";
import { LogSucceeded } from "../payloads.ts";
import type { Findings } from "../report.ts";
import type { Checkpoints, ReadCheckpoint } from "./checkpoints.ts";

/** One log that goes on where another ended, because a database was put back: which names which. */
export interface Succession extends LogSucceeded {
  /** Place of the entry that says so; what stands before it is the predecessor's. */
  readonly index: number;
}

/**
 * Reads which log succeeded which. A successor's tree begins with what was left of its predecessor's, so that the
 * predecessor's checkpoints up to there are beginnings of this tree, and no others are.
 */
export function readSuccessions(
  entries: readonly LogEntry[],
  checkpoints: Checkpoints,
  findings: Findings,
): readonly Succession[] {
  const successions: Succession[] = [];
  for (const { index, leaf, payload } of entries) {
    if (leaf.kind !== "log.succeeded" || leaf.stream !== "system") continue;
    findings.seen("succession");
    const at = { file: paths.entries, entry: index, stream: leaf.stream };
    const problem = (message: string): void => findings.problem("succession", at, message);
    const said = LogSucceeded.safeParse(payload);
    if (!said.success) {
      problem("it does not say which log goes on, and where which one ended");
      continue;
    }
    const { origin, predecessor } = said.data;
    const before = successions.at(-1);
    if (before !== undefined && before.origin !== predecessor.origin) {
      problem(`it names ${predecessor.origin}, and the log was called ${before.origin} by then`);
    }
    if (predecessor.size > index) problem("it names more of its predecessor than stands before it");
    const end = checkpoints.history.find(({ size }) => size === predecessor.size);
    if (end !== undefined && toHex(end.root) !== predecessor.root) {
      problem(`it names another tree of ${predecessor.size} entries than stands before it`);
    }
    successions.push({ ...said.data, index });
    findings.note("succession", noteOf({ ...said.data, index }, checkpoints));
    if (origin === predecessor.origin) problem("it names itself as its predecessor");
  }
  checkNames(successions, checkpoints, findings);
  return successions;
}

/** Every checkpoint is of the log that was written at its size. */
function checkNames(
  successions: readonly Succession[],
  { newest, history }: Checkpoints,
  findings: Findings,
): void {
  const last = successions.at(-1);
  if (last !== undefined && last.origin !== newest.origin) {
    const message = `it is of ${newest.origin}, and the last log that an entry opens is ${last.origin}`;
    findings.problem("succession", { file: newest.file }, message);
  }
  for (const { origin, size, file } of history) {
    if (origin === newest.origin || isOfPredecessor({ origin, size }, successions)) continue;
    findings.problem("consistency", { file }, "it is of another log");
  }
}

export function isOfPredecessor(
  { origin, size }: Pick<ReadCheckpoint, "origin" | "size">,
  successions: readonly Succession[],
): boolean {
  return successions.some(
    ({ predecessor }) => predecessor.origin === origin && size <= predecessor.size,
  );
}

function noteOf(
  { index, origin, predecessor, lostEntries, reason }: Succession,
  { history }: Checkpoints,
): string {
  const shown = history.filter((one) => one.origin === predecessor.origin);
  const lost =
    lostEntries === null
      ? "how much was lost is not known"
      : `${lostEntries} entries that were known outside are lost`;
  const proven =
    shown.length === 0
      ? "the pack has no checkpoint of it"
      : `${shown.length} of its checkpoints, up to ${Math.max(...shown.map(({ size }) => size))} entries, are the beginning of this tree`;
  return `entry ${index}: ${origin} goes on where ${predecessor.origin} was put back to ${predecessor.size} entries; ${lost}; ${proven}${reason ? ` (${reason})` : ""}`;
}
