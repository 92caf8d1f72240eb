import { readFile } from "node:fs/promises";
import { sql } from "kysely";
import type { EngagementView } from "../../api/routes/engagements.ts";
import type { EngagementId } from "../../model/engagement.ts";
import { TidelockError } from "../../model/errors.ts";
import { openStatuses } from "../../model/finding.ts";
import type { EngagementControl } from "../../ports/engagement-control.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import {
  listEngagements,
  readEngagementRow,
  withdrawEngagement,
} from "../../store/queries/engagements.ts";
import { namesOf } from "../../store/queries/grants.ts";
import type { EngagementRow } from "../../store/schema-engagements.ts";
import type { Db } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { recordEngagement } from "./record.ts";

export function makeEngagementControl(engine: Engine): EngagementControl {
  const { db } = engine;
  return {
    add: async (actor, envelope) => view(db, await recordEngagement(engine, actor, envelope)),
    async list({ service, ...page }) {
      const rows = await listEngagements(db, { service: service ?? undefined, ...page });
      return Promise.all(rows.map((row) => view(db, row)));
    },
    show: async (id) => view(db, await existing(db, id)),
    async evidence(id, digest) {
      const { content } = await existing(db, id);
      const named = content.evidence.find((one) => one.digest === digest);
      if (named === undefined) {
        throw new TidelockError("not-found", `${id} names no such file`, {
          fault: "operator",
          where: digest,
          hint: `see its files: tidelock engagement show ${id}`,
        });
      }
      const path = await engine.content.path(digest);
      const { size } = await engine.content.verify(digest);
      if (size > maxEvidenceBytes) {
        throw new TidelockError(
          "unsupported",
          `the file has ${size} bytes; 32 MiB are handed out`,
          {
            where: digest,
          },
        );
      }
      return { name: named.name, bytes: await readFile(path) };
    },
    async withdraw(actor, id, reason) {
      const { id: number } = await existing(db, id);
      const row = await db
        .transaction()
        .execute((tx) => withdrawEngagement(tx, number, reason, actor.id));
      if (row) return view(db, row);
      throw new TidelockError("conflict", `${id} was withdrawn before`, {
        fault: "operator",
        where: id,
      });
    },
  };
}

const maxEvidenceBytes = 32 * 1024 * 1024;

async function existing(db: Db, id: EngagementId): Promise<EngagementRow> {
  const row = await readEngagementRow(db, id.slice("E-".length));
  if (row) return row;
  throw new TidelockError("not-found", `there is no engagement ${id}`, {
    fault: "operator",
    where: id,
    hint: "see them: tidelock engagement list",
  });
}

/** The end of a day, in UTC: the last moment at which what is valid until then counts. */
function endOfDay(day: string): Date {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000);
}

async function view(db: Db, row: EngagementRow): Promise<EngagementView> {
  const { content, withdrawn, person } = row;
  const now = new Date(await databaseTime(db));
  const expired = endOfDay(content.validUntil) <= now;
  const [name] = (await namesOf(db, person)).names;
  const { rows } = await sql<{ found: number; open: number }>`
    select count(*)::int as found, count(*) filter (where status = any(${[...openStatuses]}::text[]))::int as open
    from findings where id in (
      select s.finding from finding_scopes s join finding_imports i on i.scope = s.scope
      where i.service = ${row.service} and i.subject = ${`E-${row.id}`})`.execute(db);
  return {
    id: `E-${row.id}`,
    engagement: content,
    state: withdrawn !== null ? "withdrawn" : expired ? "expired" : "valid",
    withdrawn,
    digest: row.digest,
    signedBy: { person, name: name ?? null },
    findings: { all: rows[0]?.found ?? 0, open: rows[0]?.open ?? 0 },
    at: row.added_at.toISOString(),
    by: row.added_by,
  };
}
