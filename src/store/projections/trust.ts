import type { Selectable } from "kysely";
import type { LedgerKeyRow } from "../schema-ledger.ts";
import type { Schema } from "../schema.ts";
import { type Projection, time } from "./projection.ts";

/** Whose word counts: host agents, signing keys, and the count of restores that fences compare by. */

type AgentRow = Selectable<Schema["agents"]>;

export const agentsProjection: Projection<AgentRow> = {
  table: "agents",
  kinds: ["agent.met"],
  key: ({ agent_id }) => `agent/${agent_id}`,
  changes: () => null,
  counted: false,
  columns: (row) => ({ agentId: row.agent_id, publicKey: row.public_key }),
  stream: () => "system",
  async *rows(db) {
    yield* await db.selectFrom("agents").selectAll().execute();
  },
};

export const keysProjection: Projection<LedgerKeyRow> = {
  table: "ledger_keys",
  kinds: ["key.added", "key.ending", "key.retired", "key.compromised"],
  key: (row) => `key/${row.use}/${row.key_id}`,
  changes: ({ changes }) => changes,
  counted: true,
  columns: (row) => ({
    id: row.key_id,
    use: row.use,
    publicKey: row.public_key.toString("base64"),
    signsUntil: time(row.signs_until),
    retired: row.retired_at !== null,
    compromised: row.compromised_at !== null,
    lastTrustedSize: row.trusted_size === null ? null : Number(row.trusted_size),
  }),
  stream: () => "system",
  async *rows(db) {
    yield* await db.selectFrom("ledger_keys").selectAll().execute();
  },
};

type StoreRow = Pick<Selectable<Schema["store"]>, "incarnation">;

/** The first incarnation is where every store begins; each later one is a person's word. */
export const storeProjection: Projection<StoreRow> = {
  table: "store",
  kinds: ["store.restored"],
  key: () => "store/incarnation",
  changes: ({ incarnation }) => incarnation,
  counted: true,
  columns: ({ incarnation }) => ({ incarnation }),
  stream: () => "system",
  async *rows(db) {
    const row = await db.selectFrom("store").select("incarnation").executeTakeFirstOrThrow();
    if (row.incarnation > 1) yield row;
  },
};
