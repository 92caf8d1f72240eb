import { sql } from "kysely";
import {
  type AccountChange,
  accountLinksProjection,
  accountsProjection,
  bootstrapProjection,
} from "../projections/accounts.ts";
import { recordRows } from "../projections/projection.ts";
import type { AccountLinkRow, AccountRow, BootstrapRow } from "../schema-accounts.ts";
import type { Db } from "../schema.ts";
import { dbNow } from "./promotions.ts";

/** Accounts, their links, and the end of the first token. Each change is a row and its entry, in one transaction. */

const counted = sql<number>`changes + 1`;

export async function readAccount(db: Db, person: string): Promise<AccountRow | undefined> {
  return db.selectFrom("accounts").selectAll().where("person", "=", person).executeTakeFirst();
}

export type AccountSet = Partial<
  Pick<AccountRow, "password" | "totp" | "recovery" | "link" | "locked">
>;

/** A new account, or what changed of one. */
export async function putAccount(
  tx: Db,
  person: string,
  set: AccountSet & { readonly totp_step?: number },
  by: string,
  kind: AccountChange,
): Promise<AccountRow> {
  const row = await tx
    .insertInto("accounts")
    .values({ person, ...set, changed_by: by })
    .onConflict((conflict) =>
      conflict.column("person").doUpdateSet({
        ...set,
        changed_at: dbNow,
        changed_by: by,
        changes: sql<number>`accounts.changes + 1`,
      }),
    )
    .returningAll()
    .executeTakeFirstOrThrow();
  const made = row.changes === 1 ? "account.created" : kind;
  await recordRows(tx, accountsProjection, [row], { kind: made, actor: by });
  return row;
}

/** Whether this step's code is the first of its kind: of two who come with the same one, one is. */
export async function takeTotpStep(tx: Db, person: string, step: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable("accounts")
    .set({ totp_step: step })
    .where("person", "=", person)
    .where("totp_step", "<", String(step))
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Uses a recovery code up; false: it was used before. */
export async function takeRecoveryCode(
  tx: Db,
  person: string,
  digest: string,
  by: string,
): Promise<boolean> {
  const row = await tx
    .updateTable("accounts")
    .set({
      recovery: sql<readonly string[]>`array_remove(recovery, ${digest})`,
      changed_at: dbNow,
      changed_by: by,
      changes: counted,
    })
    .where("person", "=", person)
    .where(sql<boolean>`${digest} = any(recovery)`)
    .returningAll()
    .executeTakeFirst();
  if (!row) return false;
  const kind = "account.credential-removed";
  await recordRows(tx, accountsProjection, [row], { kind, actor: by });
  return true;
}

/** Nothing that signed somebody in is left once nobody knows who they are. */
export async function forgetAccount(tx: Db, person: string): Promise<void> {
  await tx.deleteFrom("sessions").where("person", "=", person).execute();
  if (!(await readAccount(tx, person))) return;
  const nothing = { password: null, totp: null, recovery: [], locked: true };
  await putAccount(tx, person, nothing, "tidelock", "account.credential-removed");
}

export async function addLink(
  tx: Db,
  link: Pick<AccountLinkRow, "id" | "digest" | "purpose" | "person"> & {
    readonly lastsMs: number | null;
    /** That two people have signed; absent or null: one was enough. */
    readonly proposal?: string | null;
  },
  by: string,
): Promise<AccountLinkRow> {
  const { lastsMs, proposal = null, ...values } = link;
  const row = await tx
    .insertInto("account_links")
    .values({
      ...values,
      added_by: by,
      expires_at:
        lastsMs === null
          ? null
          : sql<Date>`date_trunc('milliseconds', clock_timestamp() + ${lastsMs} * interval '1 millisecond')`,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  const more = proposal === null ? {} : { proposal };
  await recordRows(tx, accountLinksProjection, [row], { actor: by, more });
  return row;
}

const openLink = sql<boolean>`used_at is null and removed_at is null
  and (expires_at is null or expires_at > clock_timestamp())`;

export async function findLink(db: Db, digest: string): Promise<AccountLinkRow | undefined> {
  return db
    .selectFrom("account_links")
    .selectAll()
    .where("digest", "=", digest)
    .where(openLink)
    .executeTakeFirst();
}

/** Those that can still be used. */
export async function openLinks(
  db: Db,
  of: { readonly person: string } | { readonly purpose: "first" },
): Promise<readonly AccountLinkRow[]> {
  const query = db.selectFrom("account_links").selectAll().where(openLink).orderBy("added_at");
  return (
    "person" in of ? query.where("person", "=", of.person) : query.where("purpose", "=", of.purpose)
  ).execute();
}

/** Whether two people had signed a link before it was made: its entry names what they signed. */
export async function twoSignedLink(db: Db, id: string): Promise<boolean> {
  const entry = await db
    .selectFrom("ledger_entries")
    .select("entry")
    .where("operation", "=", `account-link/${id}/1`)
    .where("kind", "=", "account.link-made")
    .where(sql<boolean>`payload ->> 'proposal' is not null`)
    .executeTakeFirst();
  return entry !== undefined;
}

/** Undefined for everybody but the one who comes first. */
export async function useLink(
  tx: Db,
  digest: string,
  by: string,
): Promise<AccountLinkRow | undefined> {
  const row = await tx
    .updateTable("account_links")
    .set({ used_at: dbNow, changes: counted })
    .where("digest", "=", digest)
    .where(openLink)
    .returningAll()
    .executeTakeFirst();
  if (row) {
    const kind = "account.link-used";
    await recordRows(tx, accountLinksProjection, [row], { kind, actor: by });
  }
  return row;
}

/** Links that are still open count no more. */
export async function endLinks(
  tx: Db,
  of: { readonly person: string } | { readonly purpose: "first" },
  by: string,
): Promise<void> {
  for (const { id } of await openLinks(tx, of)) {
    const row = await tx
      .updateTable("account_links")
      .set({ removed_at: dbNow, changes: counted })
      .where("id", "=", id)
      .where(openLink)
      .returningAll()
      .executeTakeFirst();
    const how = { kind: "account.link-ended", actor: by };
    if (row) await recordRows(tx, accountLinksProjection, [row], how);
  }
}

/** Names of everybody who is locked out now. */
export async function lockedPeople(db: Db): Promise<readonly string[]> {
  const rows = await db
    .selectFrom("accounts as a")
    .innerJoin("ledger_people as p", "p.pseudonym", "a.person")
    .select("p.person")
    .where("a.locked", "=", true)
    .execute();
  return rows.flatMap(({ person }) => person ?? []);
}

export async function readBootstrap(db: Db): Promise<BootstrapRow | undefined> {
  return db.selectFrom("bootstrap").selectAll().executeTakeFirst();
}

/** Whether the token of the data directory has ended, and that somebody has said so. */
export async function putBootstrap(
  tx: Db,
  ended: boolean,
  kind: "bootstrap.ended" | "bootstrap.recovered",
  by: string,
): Promise<void> {
  const row = await tx
    .insertInto("bootstrap")
    .values({ ended, changed_by: by })
    .onConflict((conflict) =>
      conflict.column("single").doUpdateSet({
        ended,
        changed_at: dbNow,
        changed_by: by,
        changes: sql<number>`bootstrap.changes + 1`,
      }),
    )
    .returningAll()
    .executeTakeFirstOrThrow();
  await recordRows(tx, bootstrapProjection, [row], { kind, actor: by });
}

/** Whether somebody has the role of an administrator of everything. */
export async function isFullAdministrator(db: Db, person: string): Promise<boolean> {
  const row = await db
    .selectFrom("role_assignments")
    .select("id")
    .where("person", "=", person)
    .where("role", "=", "administrator")
    .where("service", "is", null)
    .where("environment", "is", null)
    .where("removed_at", "is", null)
    .executeTakeFirst();
  return row !== undefined;
}
