import { sql } from "kysely";
import { expect, it } from "vitest";
import { createMigratedDatabase } from "../../../test/support/database.ts";
import { manyFindings } from "../../../test/support/many-findings.ts";
import { untidiness } from "../../store/queries/findings-tidy.ts";
import type { Schema } from "../../store/schema.ts";
import { FindingTidying } from "./tidy.ts";

it("cleans the table once much of it has changed, and leaves it alone otherwise", async () => {
  const database = await createMigratedDatabase<Schema>();
  try {
    const { db } = database;
    const cleanings = async () => {
      const { rows } = await sql<{ n: string }>`
        select vacuum_count as n from pg_stat_user_tables where relid = 'findings'::regclass`.execute(
        db,
      );
      return Number(rows[0]?.n);
    };
    const tidying = new FindingTidying(db);
    await tidying.look();
    expect(await cleanings()).toBe(0);
    await manyFindings(db, { findings: 2_500, observations: 2_500 });
    await expect.poll(async () => (await untidiness(db)).changed, { timeout: 20_000 }).toBeGreaterThan(2_000); // prettier-ignore
    await tidying.look();
    await expect.poll(cleanings, { timeout: 20_000 }).toBe(1);
    await expect.poll(async () => (await untidiness(db)).changed, { timeout: 20_000 }).toBeLessThan(100); // prettier-ignore
    await tidying.look();
    expect(await cleanings()).toBe(1);
  } finally {
    await database.close();
  }
}, 90_000);
