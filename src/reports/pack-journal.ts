import type { Subject } from "../audit/format.ts";
import { AgentObserved } from "../audit/payloads.ts";
import type { StoredLeaf } from "../store/queries/ledger-read.ts";
import type { Db } from "../store/schema.ts";

interface Line {
  readonly agent: string;
  readonly entry: Readonly<Record<string, unknown>>;
}

/**
 * What host agents signed, for the entries of a pack about an environment: for each agent the whole run from
 * its first entry in the pack to its last, entries about other lanes included, because the agent's own chain
 * goes through them all.
 */
export async function journalOf(
  db: Db,
  subject: Subject,
  leaves: readonly StoredLeaf[],
): Promise<readonly Line[]> {
  if (subject.kind !== "environment") return [];
  const ranges = new Map<string, { readonly from: number; readonly to: number }>();
  for (const { entry, opening } of leaves) {
    if (entry.kind !== "agent.observed") continue;
    const seen = AgentObserved.safeParse(opening?.payload);
    if (!seen.success) continue;
    const { agentId, sequence } = seen.data;
    const known = ranges.get(agentId);
    ranges.set(agentId, {
      from: Math.min(sequence, known?.from ?? sequence),
      to: Math.max(sequence, known?.to ?? sequence),
    });
  }
  const lines: Line[] = [];
  for (const [agent, { from, to }] of [...ranges].sort()) {
    const rows = await db
      .selectFrom("agent_journal")
      .selectAll()
      .where("agent_id", "=", agent)
      .where("sequence", ">=", from)
      .where("sequence", "<=", to)
      .orderBy("sequence")
      .execute();
    for (const row of rows) {
      const { sequence, kind, lane, operation, detail, previous, signature } = row;
      const at = row.at.toISOString();
      lines.push({
        agent,
        entry: { sequence, at, kind, lane, operation, detail, previous, signature },
      });
    }
  }
  return lines;
}
