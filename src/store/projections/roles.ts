import type { ApiTokenRow, RoleAssignmentRow, RoleRow } from "../schema-access.ts";
import { authorOf, type Projection, time } from "./projection.ts";

/** Tokens, roles, and who has them. */

export const apiTokensProjection: Projection<ApiTokenRow> = {
  table: "api_tokens",
  kinds: ["token.created", "token.revoked"],
  key: ({ id }) => `token/${id}`,
  changes: ({ changes }) => changes,
  counted: true,
  columns: (row) => ({
    token: row.id,
    name: row.name,
    digest: row.digest,
    person: row.person,
    role: row.role,
    service: row.service,
    environment: row.environment,
    expiresAt: time(row.expires_at),
    removed: row.removed_at !== null,
    rule: row.rule,
    workload: row.workload,
  }),
  authors: (row) => [
    authorOf(apiTokensProjection, row, "added_by", row.added_by),
    ...remover(`token/${row.id}`, row.removed_by, "token.revoked"),
  ],
  stream: () => "system",
  async *rows(db) {
    yield* await db.selectFrom("api_tokens").selectAll().execute();
  },
};

export const rolesProjection: Projection<RoleRow> = {
  table: "roles",
  kinds: ["role.defined"],
  key: ({ name }) => `role/${name}`,
  changes: ({ changes }) => changes,
  counted: true,
  columns: ({ name, says, permissions }) => ({ role: name, says, permissions: [...permissions] }),
  authors: (row) => [
    {
      column: "defined_by",
      who: row.defined_by,
      operation: `role/${row.name}/${row.changes}`,
      kind: "role.defined",
    },
  ],
  stream: () => "system",
  async *rows(db) {
    yield* await db.selectFrom("roles").selectAll().execute();
  },
};

export const roleAssignmentsProjection: Projection<RoleAssignmentRow> = {
  table: "role_assignments",
  kinds: ["role.assigned", "role.unassigned"],
  key: ({ id }) => `role-assignment/${id}`,
  changes: ({ changes }) => changes,
  counted: true,
  columns: (row) => ({
    assignment: row.id,
    person: row.person,
    token: row.token,
    role: row.role,
    service: row.service,
    environment: row.environment,
    removed: row.removed_at !== null,
  }),
  authors: (row) => [
    authorOf(roleAssignmentsProjection, row, "added_by", row.added_by),
    ...remover(`role-assignment/${row.id}`, row.removed_by, "role.unassigned"),
  ],
  stream: () => "system",
  async *rows(db) {
    yield* await db.selectFrom("role_assignments").selectAll().execute();
  },
};

function remover(key: string, who: string | null, kind: string) {
  return who === null ? [] : [{ column: "removed_by", who, operation: `${key}/2`, kind }];
}
