import canonicalize from "canonicalize";
import { fromBase64, toHex, utf8 } from "../../ledger/bytes.ts";
import { sha256, verifyEd25519 } from "../../ledger/crypto.ts";
import { JournalEntry } from "../../ports/host-agent.ts";
import { paths } from "../format.ts";
import type { LogEntry } from "../log-entry.ts";
import { AgentGap, AgentMet, AgentObserved } from "../payloads.ts";
import type { Pack } from "../read-pack.ts";
import type { Findings } from "../report.ts";

/** What agents did or saw, as entries of the log, and where their journals have holes. */
export interface Journals {
  readonly observed: readonly Observed[];
  readonly gaps: readonly string[];
}

export interface Observed extends AgentObserved {
  /** Index of the entry that took it in. */
  readonly index: number;
}

/**
 * Holds journal.jsonl against the ledger: each entry that the ledger took in is here as its agent signed it,
 * under the key with which the agent was first met, and the agent's own chain goes on without a break. An
 * agent drops what nobody reads for very long; the ledger then says so, and the hole is named.
 */
export function checkJournals(
  pack: Pack,
  entries: readonly LogEntry[],
  findings: Findings,
): Journals {
  const observed = observedIn(entries, findings);
  if (pack.manifest.subject.kind !== "environment" && pack.journal.length === 0) {
    return { observed, gaps: [] };
  }
  const keys = agentKeys(entries, findings);
  const gaps = new Set(gapsIn(entries));
  const named: string[] = [];
  const signed = new Map<string, string>();
  const before = new Map<string, JournalEntry>();
  for (const [at, line] of pack.journal.entries()) {
    const location = { file: `${paths.journal}, line ${at + 1}` };
    const problem = (message: string) => findings.problem("journal", location, message);
    findings.seen("journal");
    const parsed = JournalEntry.safeParse(line.entry);
    if (!parsed.success) {
      problem("it is no entry of an agent's journal");
      continue;
    }
    const entry = parsed.data;
    const key = keys.get(line.agent);
    if (key === undefined) problem(`nobody has met the agent ${line.agent}`);
    else if (!isSigned(line.entry, key)) problem(`it is not signed by the agent ${line.agent}`);
    const last = before.get(line.agent);
    if (last !== undefined && entry.sequence !== last.sequence + 1) {
      const hole = holeText(line.agent, last.sequence + 1, entry.sequence - 1);
      if (gaps.has(hole)) named.push(hole);
      else problem(hole);
    } else if (last !== undefined && entry.previous !== hashOf(last)) {
      problem("it does not follow the entry before it");
    }
    before.set(line.agent, entry);
    signed.set(`${line.agent}/${entry.sequence}`, hashOf(line.entry));
  }
  checkTaken(observed, signed, findings);
  return { observed, gaps: named };
}

/** Both ways: what the ledger took in is what the agent signed, and here. */
function checkTaken(
  observed: readonly Observed[],
  signed: ReadonlyMap<string, string>,
  findings: Findings,
): void {
  for (const { agentId, sequence, journal, index } of observed) {
    const hash = signed.get(`${agentId}/${sequence}`);
    if (hash === journal) continue;
    findings.problem(
      "journal",
      { file: paths.entries, entry: index },
      hash === undefined
        ? `entry ${sequence} of the agent ${agentId} is not here as the agent signed it`
        : `entry ${sequence} of the agent ${agentId} is not the one that was taken in`,
    );
  }
}

function observedIn(entries: readonly LogEntry[], findings: Findings): readonly Observed[] {
  return entries.flatMap(({ index, leaf, payload }) => {
    // Erased ones are named as such, and say nothing any more.
    if (leaf.kind !== "agent.observed" || payload === null) return [];
    const seen = AgentObserved.safeParse(payload);
    if (seen.success) return [{ ...seen.data, index }];
    const at = { file: paths.entries, entry: index, stream: leaf.stream };
    findings.problem("journal", at, "it does not say what the agent did or saw");
    return [];
  });
}

function gapsIn(entries: readonly LogEntry[]): readonly string[] {
  return entries.flatMap(({ leaf, payload }) => {
    if (leaf.kind !== "agent.gap") return [];
    const gap = AgentGap.safeParse(payload);
    return gap.success ? [holeText(gap.data.agentId, gap.data.from, gap.data.to)] : [];
  });
}

function holeText(agent: string, from: number, to: number): string {
  return `entries ${from} to ${to} of the journal of the agent ${agent} are missing`;
}

/** Raw Ed25519 keys by agent. The second key of one agent is a finding: a key is pinned once. */
function agentKeys(
  entries: readonly LogEntry[],
  findings: Findings,
): ReadonlyMap<string, Uint8Array> {
  const keys = new Map<string, Uint8Array>();
  for (const { index, leaf, payload } of entries) {
    if (leaf.kind !== "agent.met" || payload === null) continue;
    const met = AgentMet.safeParse(payload);
    const key = met.success ? rawKey(met.data.publicKey) : null;
    if (met.success && key !== null && !keys.has(met.data.agentId)) keys.set(met.data.agentId, key);
    else {
      const at = { file: paths.entries, entry: index, stream: leaf.stream };
      findings.problem("journal", at, "it names no key, or a second one for the same agent");
    }
  }
  return keys;
}

/** The 32 bytes behind the fixed head of an Ed25519 SubjectPublicKeyInfo (RFC 8410). */
function rawKey(pem: string): Uint8Array | null {
  const body = /^\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*$/.exec(
    pem,
  );
  try {
    const der = fromBase64((body?.[1] ?? "").replaceAll(/\s/g, ""));
    return toHex(der.subarray(0, 12)) === "302a300506032b6570032100" && der.length === 44
      ? der.subarray(12)
      : null;
  } catch {
    return null;
  }
}

/** The agent signs the canonical JSON of its entry without the signature. */
function isSigned(line: unknown, key: Uint8Array): boolean {
  const { signature, ...signed } = line as Record<string, unknown>;
  try {
    return verifyEd25519(key, utf8(canonicalize(signed) ?? ""), fromBase64(String(signature)));
  } catch {
    return false;
  }
}

/** What the next entry names as `previous`, and the ledger as `journal`. */
function hashOf(entry: unknown): string {
  return toHex(sha256(utf8(canonicalize(entry) ?? "")));
}
