import { sql } from "kysely";
import type { Sight } from "../../model/principal.ts";
import type { Db } from "../schema.ts";
import { seen } from "./page.ts";

export interface NewEvent {
  readonly kind: string;
  readonly service?: string;
  readonly environment?: string;
  readonly promotion?: string;
  /** One sentence for a person. */
  readonly message: string;
}

/** An event that has its id. */
export interface StoredEvent {
  readonly id: number;
  readonly at: string;
  readonly kind: string;
  readonly service: string | null;
  readonly environment: string | null;
  readonly promotion: string | null;
  readonly message: string;
}

/** Announces in the caller's transaction; readers see it after commit, under an id given then. */
export async function announce(tx: Db, ...events: NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  await tx
    .insertInto("events")
    .values(
      events.map((event) => ({
        kind: event.kind,
        service: event.service ?? null,
        environment: event.environment ?? null,
        promotion: event.promotion ?? null,
        message: event.message,
      })),
    )
    .execute();
}

/** Gives ids to what has committed since, and answers the newest one. */
export async function sequenceEvents(db: Db): Promise<number> {
  const { rows } = await sql<{ head: string }>`select sequence_events() as head`.execute(db);
  return Number(rows[0]?.head ?? 0);
}

/** Events with an id above `after`, oldest first. */
export async function eventsAfter(
  db: Db,
  filter: {
    after: number;
    service?: string;
    promotion?: string;
    limit: number;
    /** Somebody who does not see everything sees no event of no service. */
    sees?: Sight;
  },
): Promise<readonly StoredEvent[]> {
  let query = db
    .selectFrom("events")
    .selectAll()
    .where("id", ">", String(filter.after))
    .orderBy("id")
    .limit(filter.limit);
  if (filter.service !== undefined) query = query.where("service", "=", filter.service);
  if (filter.promotion !== undefined) query = query.where("promotion", "=", filter.promotion);
  if (filter.sees !== undefined && filter.sees !== "everything") {
    query = query
      .where("service", "is not", null)
      .where(seen(filter.sees, { service: "service", environment: "environment" }));
  }
  const rows = await query.execute();
  return rows.map((row) => ({
    id: Number(row.id),
    at: row.at.toISOString(),
    kind: row.kind,
    service: row.service,
    environment: row.environment,
    promotion: row.promotion,
    message: row.message,
  }));
}
