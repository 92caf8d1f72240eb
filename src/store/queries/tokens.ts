import { CompiledQuery, sql } from "kysely";
import { TidelockError } from "../../model/errors.ts";
import type { WorkloadIdentity } from "../../model/workload.ts";
import { prepared } from "../prepared.ts";
import {
  apiTokensProjection,
  roleAssignmentsProjection,
  rolesProjection,
} from "../projections/roles.ts";
import { recordRows } from "../projections/projection.ts";
import type { ApiTokenRow, RoleAssignmentRow, RoleRow } from "../schema-access.ts";
import type { Db } from "../schema.ts";
import { dbNow } from "./promotions.ts";

/** Tokens, roles, and who has them. */

/** A role that somebody has, as it stands beside its own definition; null: it comes along with the program. */
export interface HeldRole {
  readonly role: string;
  readonly service: string | null;
  readonly environment: string | null;
  readonly permissions: readonly string[] | null;
}

export interface Bearer {
  readonly id: string;
  readonly name: string;
  readonly expires_at: Date;
  readonly person: string | null;
  /** Null: a machine's token, or its person was erased. */
  readonly person_name: string | null;
  readonly role: string | null;
  readonly service: string | null;
  readonly environment: string | null;
  /** Of its own role. */
  readonly permissions: readonly string[] | null;
  readonly assigned: readonly HeldRole[] | null;
  /** By which rule a program of another platform got it. */
  readonly rule: string | null;
}

/** Only what the log says, word for word: a row that somebody put beside it lets nobody do anything. */
const recorded = (row: string, kind: string, key: string, columns: readonly string[]) => `exists (
    select from ledger_entries e where e.kind = '${kind}' and e.operation = ${key} || '/' || ${row}.changes
      and e.payload::jsonb @> jsonb_build_object(${columns.map((one) => `'${one}', ${row}.${one}`).join(", ")}))
    and not exists (select from ledger_entries e where e.operation = ${key} || '/' || (${row}.changes + 1))`;

export const definedRole = (row: string, of: string) =>
  `left join roles ${row} on ${row}.name = ${of} and ${recorded(row, "role.defined", `'role/' || ${row}.name`, ["permissions"])}`;

export const assignedTo = (who: string) => `(
    select json_agg(json_build_object('role', a.role, 'service', a.service,
      'environment', a.environment, 'permissions', r.permissions))
    from role_assignments a ${definedRole("r", "a.role")}
    where a.removed_at is null and ${who} and ${recorded("a", "role.assigned", "'role-assignment/' || a.id", ["person", "token", "role", "service", "environment"])}
  )`;

const bearerOf = prepared(`
  select t.id, t.name, least(t.expires_at, person_ends(t.person)) as expires_at, t.person,
    p.person as person_name, t.rule, t.role, t.service, t.environment,
    own.permissions, case when t.person is null
      then ${assignedTo("a.token = t.id")} else ${assignedTo("a.person = t.person")} end as assigned
  from api_tokens t
  left join ledger_people p on p.pseudonym = t.person
  ${definedRole("own", "t.role")}
  where t.digest = $1 and t.removed_at is null
    and least(t.expires_at, person_ends(t.person)) > clock_timestamp()
    and not exists (select from accounts o where o.person = t.person and o.locked)
    and ${recorded("t", "token.created", "'token/' || t.id", ["digest", "person", "role", "service", "environment"])}
    -- Of before there were rules no entry says a word of them.
    and not exists (select from ledger_entries e where e.kind = 'token.created'
      and e.operation = 'token/' || t.id || '/1' and e.payload ->> 'rule' is distinct from t.rule)`);

/** The first row of roles, of who has them, or of tokens that is not what the log says; undefined: each is. */
export async function foreignAccessRow(
  db: Db,
): Promise<
  { readonly table: "api_tokens" | "roles" | "role_assignments"; readonly key: string } | undefined
> {
  const { rows } = await db.executeQuery<{ table: "api_tokens"; key: string }>(
    CompiledQuery.raw(foreignRow, []),
  );
  return rows[0];
}

const foreignRow = prepared(`
  select 'role_assignments' as table, 'role-assignment/' || a.id as key from role_assignments a
    where a.removed_at is null and not (${recorded("a", "role.assigned", "'role-assignment/' || a.id", ["person", "token", "role", "service", "environment"])})
  union all select 'roles', 'role/' || r.name from roles r
    where not (${recorded("r", "role.defined", "'role/' || r.name", ["permissions"])})
  union all select 'api_tokens', 'token/' || t.id from api_tokens t
    where t.removed_at is null and t.expires_at > clock_timestamp()
      and not (${recorded("t", "token.created", "'token/' || t.id", ["digest", "person", "role", "service", "environment"])})
  limit 1`);

const versionNow = prepared("select version, clock_timestamp() as now from access_version");

/** Another value than before: what was read of tokens and roles may be different now. With the database's time. */
export async function accessVersion(
  db: Db,
): Promise<{ readonly version: string; readonly now: Date }> {
  const { rows } = await db.executeQuery<{ readonly version: string; readonly now: Date }>(
    CompiledQuery.raw(versionNow, []),
  );
  const [row] = rows;
  if (row) return row;
  throw new TidelockError("unavailable", "the database does not say whether roles were changed", {
    hint: "the row of access_version is gone: restore the database, or insert it again",
  });
}

/** By the database's clock. */
export async function readBearer(db: Db, digest: string): Promise<Bearer | undefined> {
  const { rows } = await db.executeQuery<Bearer>(CompiledQuery.raw(bearerOf, [digest]));
  return rows[0];
}

export async function addToken(
  tx: Db,
  token: Pick<
    ApiTokenRow,
    "id" | "name" | "digest" | "person" | "role" | "service" | "environment"
  > & {
    readonly lastsMs: number;
    readonly rule?: string;
    readonly workload?: WorkloadIdentity;
  },
  by: string,
): Promise<ApiTokenRow> {
  const { lastsMs, workload, ...values } = token;
  const row = await tx
    .insertInto("api_tokens")
    .values({
      ...values,
      ...(workload === undefined ? {} : { workload: JSON.stringify(workload) }),
      added_by: by,
      expires_at: sql<Date>`date_trunc('milliseconds', clock_timestamp() + ${lastsMs} * interval '1 millisecond')`,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  await recordRows(tx, apiTokensProjection, [row], { actor: by });
  return row;
}

export async function removeToken(
  tx: Db,
  id: string,
  by: string,
): Promise<ApiTokenRow | undefined> {
  const row = await tx
    .updateTable("api_tokens")
    .set({ removed_at: dbNow, removed_by: by, changes: sql<number>`changes + 1` })
    .where("id", "=", id)
    .where("removed_at", "is", null)
    .returningAll()
    .executeTakeFirst();
  if (row) await recordRows(tx, apiTokensProjection, [row], { kind: "token.revoked", actor: by });
  return row;
}

export async function readToken(db: Db, id: string): Promise<ApiTokenRow | undefined> {
  return db.selectFrom("api_tokens").selectAll().where("id", "=", id).executeTakeFirst();
}

export async function readRole(db: Db, name: string): Promise<RoleRow | undefined> {
  return db.selectFrom("roles").selectAll().where("name", "=", name).executeTakeFirst();
}

export async function listRoles(db: Db): Promise<readonly RoleRow[]> {
  return db.selectFrom("roles").selectAll().orderBy("name").execute();
}

export async function putRole(
  tx: Db,
  { name, says, permissions }: Pick<RoleRow, "name" | "says" | "permissions">,
  by: string,
): Promise<RoleRow> {
  const content = { says, permissions: JSON.stringify(permissions), defined_by: by };
  const row = await tx
    .insertInto("roles")
    .values({ name, ...content })
    .onConflict((conflict) =>
      conflict.column("name").doUpdateSet({
        ...content,
        defined_at: dbNow,
        changes: sql<number>`roles.changes + 1`,
      }),
    )
    .returningAll()
    .executeTakeFirstOrThrow();
  await recordRows(tx, rolesProjection, [row], { actor: by });
  return row;
}

export async function addAssignment(
  tx: Db,
  assignment: Pick<
    RoleAssignmentRow,
    "id" | "person" | "token" | "role" | "service" | "environment"
  >,
  by: string,
): Promise<RoleAssignmentRow> {
  const row = await tx
    .insertInto("role_assignments")
    .values({ ...assignment, added_by: by })
    .returningAll()
    .executeTakeFirstOrThrow();
  await recordRows(tx, roleAssignmentsProjection, [row], { actor: by });
  return row;
}

export async function removeAssignment(
  tx: Db,
  id: string,
  by: string,
): Promise<RoleAssignmentRow | undefined> {
  const row = await tx
    .updateTable("role_assignments")
    .set({ removed_at: dbNow, removed_by: by, changes: sql<number>`changes + 1` })
    .where("id", "=", id)
    .where("removed_at", "is", null)
    .returningAll()
    .executeTakeFirst();
  if (row) {
    await recordRows(tx, roleAssignmentsProjection, [row], { kind: "role.unassigned", actor: by });
  }
  return row;
}

/** Those that stand. */
export async function listAssignments(db: Db): Promise<readonly RoleAssignmentRow[]> {
  return db
    .selectFrom("role_assignments")
    .selectAll()
    .where("removed_at", "is", null)
    .orderBy("added_at")
    .execute();
}

/** Places that are remembered of one token; a flood of made-up program names fills no disk. */
const mostPlaces = 50;

/** To the hour. */
export async function noteTokenUse(db: Db, token: string, place: string): Promise<void> {
  await sql`
    insert into token_uses (token, place, last_at)
    select ${token}, ${place}, date_trunc('hour', clock_timestamp())
    where (select count(*) from token_uses where token = ${token}) < ${mostPlaces}
      or exists (select from token_uses where token = ${token} and place = ${place})
    on conflict (token, place) do update set last_at = excluded.last_at
  `.execute(db);
}

export interface TokenUse {
  readonly token: string;
  readonly last_at: Date;
  readonly places: number;
}

/** Last use ever, and places of the last 30 days. */
export async function tokenUses(db: Db): Promise<ReadonlyMap<string, TokenUse>> {
  const { rows } = await sql<TokenUse>`
    select token, max(last_at) as last_at,
      (count(*) filter (where last_at > clock_timestamp() - interval '30 days'))::int as places
    from token_uses group by token
  `.execute(db);
  return new Map(rows.map((row) => [row.token, row]));
}

/** Roles that a person has now, each with its own definition. */
export async function rolesOfPerson(db: Db, person: string): Promise<readonly HeldRole[]> {
  return db
    .selectFrom("role_assignments as a")
    .leftJoin("roles as r", "r.name", "a.role")
    .select(["a.role", "a.service", "a.environment", "r.permissions"])
    .where("a.person", "=", person)
    .where("a.removed_at", "is", null)
    .execute();
}
