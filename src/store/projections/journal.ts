import { createHash } from "node:crypto";
import type { Selectable } from "kysely";
import { canonicalJson } from "../../model/canonical.ts";
import type { JournalEntry } from "../../ports/host-agent.ts";
import type { Schema } from "../schema.ts";
import { paged, type Projection } from "./projection.ts";

type JournalRow = Selectable<Schema["agent_journal"]>;

/** SHA-256 over an entry's canonical JSON, hex: what the next entry of the journal names as `previous`. */
export function journalHash(entry: JournalEntry): string {
  return createHash("sha256").update(canonicalJson(entry)).digest("hex");
}

/** As the agent wrote and signed it. */
export function journalEntry(row: JournalRow): JournalEntry {
  const { sequence, kind, lane, operation, detail, previous, signature } = row;
  return { sequence, at: row.at.toISOString(), kind, lane, operation, detail, previous, signature };
}

/** What host agents did and saw, each entry by the hash that the log has of it. */
export const journalProjection: Projection<JournalRow> = {
  table: "agent_journal",
  kinds: ["agent.observed"],
  key: ({ agent_id, sequence }) => `agent/${agent_id}/journal/${sequence}`,
  changes: () => null,
  counted: false,
  columns: (row) => ({
    agentId: row.agent_id,
    sequence: row.sequence,
    kind: row.kind,
    lane: row.lane,
    operation: row.operation,
    journal: journalHash(journalEntry(row)),
  }),
  stream: ({ lane }) => lane ?? "system",
  rows: (db) =>
    paged<JournalRow, readonly [string, number]>(
      async (after, limit) => {
        const [agent, sequence] = after ?? ["", 0];
        return db
          .selectFrom("agent_journal")
          .selectAll()
          .where((row) =>
            row.or([
              row("agent_id", ">", agent),
              row.and([row("agent_id", "=", agent), row("sequence", ">", sequence)]),
            ]),
          )
          .orderBy("agent_id")
          .orderBy("sequence")
          .limit(limit)
          .execute();
      },
      ({ agent_id, sequence }) => [agent_id, sequence] as const,
    ),
};
