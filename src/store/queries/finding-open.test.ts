import { sql } from "kysely";
import { expect, it } from "vitest";
import { createMigratedDatabase } from "../../../test/support/database.ts";
import { manyFindings } from "../../../test/support/many-findings.ts";
import type { Schema } from "../schema.ts";
import { concernedBy, scansOf } from "./finding-open.ts";

it("a flood of imports by strangers hides no scan that counts", async () => {
  const database = await createMigratedDatabase<Schema>();
  try {
    const { db } = database;
    await manyFindings(db, { findings: 10, observations: 10 });
    const release = `sha256:${"0".repeat(64)}` as const;
    const before = await scansOf(db, "production", release);
    expect(before.scans.map(({ tool }) => tool).sort()).toEqual(["grype", "semgrep", "trivy"]);
    await sql`
      insert into finding_imports (id, service, environment, release, scope, subject, format, tool, tool_version, trust,
        report_digest, report_bytes, complete, observations, opened, reopened, matched, unseen, claims, changes_digest,
        added_by)
      select 'flood-' || n, 'service-0', null, ${release}, 'flood-' || n, '', 'sarif', 'trivy', '1', 'bound', '', 1, true,
        0, 0, 0, 0, 0, 0, '', 'mallory' from generate_series(1, 20000) n`.execute(db);
    const after = await scansOf(db, "production", release);
    expect(after).toEqual({ ...before, unvouched: 20_000 + before.unvouched });
  } finally {
    await database.close();
  }
}, 60_000);

it("tells of every finding, those first that a scan that counts has seen, the worst of them before all", async () => {
  const database = await createMigratedDatabase<Schema>();
  try {
    const { db } = database;
    await manyFindings(db, { findings: 18_000, observations: 18_000 });
    // Somebody sets the clock of one forward: what opened it is sealed, and says since when it has been there.
    await sql`
      insert into finding_changes (finding, import, kind, to_status, at) values (7, 'x', 'opened', 'open', '2020-01-01Z')`.execute(db); // prettier-ignore
    await sql`update findings set first_seen = now() + interval '1 year', due_at = now() + interval '2 years', status = 'open' where id = 7`.execute(db); // prettier-ignore
    await sql`update findings set trusted = true, service = 'service-0', environment = null where id % 7 = 0`.execute(db); // prettier-ignore
    const lane = { service: "service-0", environment: "production" };
    const seen = await db.transaction().execute(async (tx) => {
      const rows = [];
      for await (const some of concernedBy(tx, lane, `sha256:${"1".repeat(64)}`, null)) rows.push(...some); // prettier-ignore
      return rows;
    });
    const { rows } = await sql<{ n: number }>`
      select count(*)::integer as n from findings
      where service = 'service-0' and status not in ('verified', 'closed')`.execute(db);
    expect(rows[0]?.n).toBeGreaterThan(5_000);
    const open = seen.filter(({ status }) => status !== "verified" && status !== "closed");
    expect(open).toHaveLength(rows[0]?.n ?? 0);
    expect(seen.find(({ id }) => id === "7")?.first_seen.toISOString()).toBe("2020-01-01T00:00:00.000Z"); // prettier-ignore
    const order = seen.map(({ trusted, severity }) => {
      const worst = ["critical", "high", "medium", "low", "info"].indexOf(severity);
      return (trusted ? 0 : 10) + worst;
    });
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  } finally {
    await database.close();
  }
}, 60_000);
