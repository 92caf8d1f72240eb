import canonicalize from "canonicalize";
import { fromBase64, toHex, utf8 } from "../../ledger/bytes.ts";
import { sha256 } from "../../ledger/crypto.ts";
import { type PublicKey, readPublicKey } from "../../evidence/keys.ts";
import { JournalEntry } from "../../ports/host-agent.ts";
import { paths } from "../format.ts";
import type { LogEntry } from "../log-entry.ts";
import { AgentMet, AgentObserved } from "../payloads.ts";
import type { Pack } from "../read-pack.ts";
import type { Findings } from "../report.ts";

/** What the agents of this pack signed, and where their journals have holes. */
export interface Journals {
  readonly entries: readonly { readonly agent: string; readonly entry: JournalEntry }[];
  readonly gaps: readonly string[];
}

/**
 * Holds journal.jsonl against the ledger: each entry is signed by the key under which its agent was met, the
 * chain goes on without a break, and its ends are those that the ledger took in. An agent may drop entries
 * that nobody read for very long; that gap then stands in the ledger, and is named here.
 */
export function checkJournals(
  pack: Pack,
  entries: readonly LogEntry[],
  findings: Findings,
): Journals {
  const keys = agentKeys(entries, findings);
  const taken = takenIn(entries, findings);
  const parsed: { agent: string; entry: JournalEntry }[] = [];
  const gaps: string[] = [];
  const before = new Map<string, JournalEntry>();
  for (const [at, line] of pack.journal.entries()) {
    const location = { file: `${paths.journal}, line ${at + 1}` };
    const entry = JournalEntry.safeParse(line.entry);
    findings.seen("journal");
    if (!entry.success) {
      findings.problem("journal", location, "it is no entry of an agent's journal");
      continue;
    }
    const { data } = entry;
    const key = keys.get(line.agent);
    if (key === undefined)
      findings.problem("journal", location, `nobody has met the agent ${line.agent}`);
    else if (!isSigned(line.entry, key)) {
      findings.problem("journal", location, `it is not signed by the agent ${line.agent}`);
    }
    const last = before.get(line.agent);
    if (last !== undefined && data.sequence !== last.sequence + 1) {
      const gap = `${line.agent}: entries ${last.sequence + 1} to ${data.sequence - 1} of its journal are missing`;
      if (
        taken.some(
          (batch) => batch.agent === line.agent && batch.gap && batch.from === data.sequence,
        )
      ) {
        gaps.push(gap);
      } else findings.problem("journal", location, gap);
    } else if (last !== undefined && data.previous !== hashOf(last)) {
      findings.problem("journal", location, "it does not follow the entry before it");
    }
    before.set(line.agent, data);
    parsed.push({ agent: line.agent, entry: data });
  }
  checkEnds(taken, parsed, pack, findings);
  return { entries: parsed, gaps };
}

/** Each batch that the ledger took in within the pack's time is here, up to the hash that it noted. */
function checkEnds(
  taken: readonly Batch[],
  journal: Journals["entries"],
  pack: Pack,
  findings: Findings,
): void {
  const { subject } = pack.manifest;
  if (subject.kind !== "environment") return;
  const found = new Map(journal.map(({ agent, entry }) => [`${agent}/${entry.sequence}`, entry]));
  for (const { agent, to, hash, index, time } of taken) {
    if (time < subject.from || time >= subject.to) continue;
    const last = found.get(`${agent}/${to}`);
    const at = { file: paths.journal, entry: index };
    if (last === undefined) {
      findings.problem(
        "journal",
        at,
        `entry ${to} of the agent ${agent} was taken in and is not here`,
      );
    } else if (hashOf(last) !== hash) {
      findings.problem("journal", at, `entry ${to} of the agent ${agent} is not the one taken in`);
    }
  }
}

interface Batch extends AgentObserved {
  readonly index: number;
  readonly time: string;
}

function takenIn(entries: readonly LogEntry[], findings: Findings): readonly Batch[] {
  return entries.flatMap(({ index, leaf, payload }) => {
    if (leaf.kind !== "agent.observed" || payload === null) return [];
    const batch = AgentObserved.safeParse(payload);
    if (batch.success) return [{ ...batch.data, index, time: leaf.time }];
    const at = { file: paths.entries, entry: index, stream: leaf.stream };
    findings.problem("journal", at, "it does not say what was taken in");
    return [];
  });
}

function agentKeys(
  entries: readonly LogEntry[],
  findings: Findings,
): ReadonlyMap<string, PublicKey> {
  const keys = new Map<string, PublicKey>();
  for (const { index, leaf, payload } of entries) {
    if (leaf.kind !== "agent.met" || payload === null) continue;
    const met = AgentMet.safeParse(payload);
    const key = met.success ? readPublicKey(met.data.publicKey) : null;
    if (met.success && key?.ok && !keys.has(met.data.agent)) keys.set(met.data.agent, key.value);
    else {
      const at = { file: paths.entries, entry: index, stream: leaf.stream };
      findings.problem("journal", at, "it names no key, or a second one for the same agent");
    }
  }
  return keys;
}

/** The agent signs the canonical JSON of its entry without the signature. */
function isSigned(line: unknown, key: PublicKey): boolean {
  const { signature, ...signed } = line as Record<string, unknown>;
  try {
    return key.verify(utf8(canonicalize(signed) ?? ""), fromBase64(String(signature)));
  } catch {
    return false;
  }
}

function hashOf(entry: JournalEntry): string {
  return toHex(sha256(utf8(canonicalize(entry) ?? "")));
}
