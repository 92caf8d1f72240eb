import type { Subject } from "../audit/format.ts";
import { AgentObserved } from "../audit/payloads.ts";
import type { StoredLeaf } from "../store/queries/ledger-read.ts";
import type { Db } from "../store/schema.ts";

interface Line {
  readonly agent: string;
  readonly entry: Readonly<Record<string, unknown>>;
}

/** What host agents signed within the subject's time: whole batches, as the ledger took them in. */
export async function journalOf(
  db: Db,
  subject: Subject,
  leaves: readonly StoredLeaf[],
): Promise<readonly Line[]> {
  if (subject.kind !== "environment") return [];
  const ranges = new Map<string, { from: number; to: number }>();
  for (const { entry, opening } of leaves) {
    if (entry.kind !== "agent.observed" || entry.time < subject.from || entry.time >= subject.to) {
      continue;
    }
    const batch = AgentObserved.safeParse(opening?.payload);
    if (!batch.success) continue;
    const { agent, from, to } = batch.data;
    const known = ranges.get(agent);
    ranges.set(agent, {
      from: Math.min(from, known?.from ?? from),
      to: Math.max(to, known?.to ?? to),
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
