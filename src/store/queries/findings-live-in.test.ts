import { sql } from "kysely";
import { expect, it } from "vitest";
import { createMigratedDatabase } from "../../../test/support/database.ts";
import { manyFindings } from "../../../test/support/many-findings.ts";
import type { Schema } from "../schema.ts";
import { listFindings, liveImports } from "./findings-list.ts";
import { keepLive, movedOn } from "./findings-live-in.ts";

it("lists what is live in an environment as if it were computed for each list", async () => {
  const database = await createMigratedDatabase<Schema>();
  try {
    const { db } = database;
    await manyFindings(db, { findings: 300, observations: 600 });
    const ids = async () => {
      const filter = { environment: "production", status: "any" };
      const { rows, total } = await listFindings(db, filter, { limit: 500, after: null });
      expect(rows).toHaveLength(total);
      return rows.map(({ id }) => id).sort();
    };
    const keep = async () => {
      for (const service of await movedOn(db, "production"))
        await keepLive(db, service, liveImports);
      expect(await movedOn(db, "production")).toEqual([]);
    };
    const all = await ids();
    expect(all).toHaveLength(300);
    await keep();
    expect(await ids()).toEqual(all);

    // A newer complete scan, which counts, shows nothing any more: known at once, and the same when it is kept.
    await sql`
      insert into finding_imports (id, service, release, scope, subject, format, tool, tool_version, trust, report_digest,
        report_bytes, complete, observations, opened, reopened, matched, unseen, claims, changes_digest, added_by)
      select 'again', service, release, scope, subject, format, tool, tool_version, trust, report_digest, report_bytes,
        true, 0, 0, 0, 0, 0, 0, changes_digest, added_by from finding_imports where id = 'i-1-semgrep'`.execute(
      db,
    );
    expect(await movedOn(db, "production")).toEqual(["service-1"]);
    const fewer = await ids();
    expect(fewer.length).toBeLessThan(300);
    await keep();
    expect(await ids()).toEqual(fewer);

    // Nothing of a service is live any more.
    await sql`update lanes set live_release = null where service = 'service-2'`.execute(db);
    const gone = await ids();
    expect(gone.length).toBeLessThan(fewer.length);
    await keep();
    expect(await ids()).toEqual(gone);
  } finally {
    await database.close();
  }
}, 90_000);
