import { z } from "zod";
import {
  anywhere,
  at,
  everything,
  found,
  isPermission,
  listed,
  type Permission,
} from "../../model/permissions.ts";
import { Name } from "../../model/primitives.ts";
import { WorkloadIdentity } from "../../model/workload.ts";
import { PersonName } from "./manual.ts";

/** Calls about who may do what: tokens, roles, and who has them. */

const list = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) });
const Time = z.iso.datetime();

const PermissionName = z.custom<Permission>(
  (value) => typeof value === "string" && isPermission(value),
  "no such permission: `tidelock role show administrator` lists them",
);
/** Shown in views: a later server may know more. */
const PermissionText = z.string();

const scope = {
  /** Null: every one. */
  service: Name.nullable(),
  environment: Name.nullable(),
} as const;

const HoldingView = z.object({
  role: z.string(),
  service: z.string().nullable(),
  environment: z.string().nullable(),
});

export const TokenView = z.object({
  id: z.string(),
  name: z.string(),
  /** Whose it is; null: a machine's. `name` null: erased. */
  person: z.object({ person: z.string(), name: z.string().nullable() }).nullable(),
  /** Null: all that its person may. */
  role: z.string().nullable(),
  service: z.string().nullable(),
  environment: z.string().nullable(),
  state: z.enum(["valid", "expired", "revoked"]),
  expiresAt: Time,
  addedAt: Time,
  addedBy: z.string(),
  removedAt: Time.nullable(),
  /** To the hour; null: never. */
  lastUsedAt: Time.nullable(),
  /** From how many networks and programs in the last 30 days. */
  places: z.int().nonnegative(),
  /** Of a program that another platform vouched for: by which rule, and who it is; null: a person made the token. */
  workload: z.object({ rule: z.string(), identity: WorkloadIdentity }).nullable(),
});
export type TokenView = z.infer<typeof TokenView>;

export const RoleView = z.object({
  name: z.string(),
  says: z.string(),
  builtIn: z.boolean(),
  permissions: z.array(z.object({ name: PermissionText, says: z.string() })),
});
export type RoleView = z.infer<typeof RoleView>;

export const AssignmentView = z.object({
  id: z.string(),
  to: z.object({ kind: z.enum(["person", "token"]), id: z.string(), name: z.string().nullable() }),
  role: z.string(),
  service: z.string().nullable(),
  environment: z.string().nullable(),
  addedAt: Time,
  addedBy: z.string(),
  /** Proposal that two people have to sign before it counts (team mode). */
  waitsFor: z.string().optional(),
});
export type AssignmentView = z.infer<typeof AssignmentView>;

export const WhoView = z.object({
  kind: z.enum(["bootstrap", "token", "session"]),
  /** As records have it. */
  id: z.string(),
  credential: z.object({ id: z.string(), name: z.string() }).nullable(),
  roles: z.array(HoldingView),
  /** A person's token may no more than this. */
  within: HoldingView.nullable(),
  permissions: z.array(PermissionText),
});
export type WhoView = z.infer<typeof WhoView>;

/** One way in which somebody may do something now. */
export const AccessLineView = z.object({
  who: z.string(),
  kind: z.enum(["bootstrap", "person", "token", "workload"]),
  /** Id of the assignment, token, workload rule or grant; null: the data directory. */
  by: z.string().nullable(),
  /** A role, or `right <right>` of a person's signatures. */
  has: z.string(),
  service: z.string().nullable(),
  environment: z.string().nullable(),
  permissions: z.array(PermissionText),
  givenBy: z.string(),
  since: Time.nullable(),
  until: Time.nullable(),
  lastUsed: Time.nullable(),
  notes: z.array(z.string()),
});
export const AccessReport = z.object({
  at: Time,
  lines: z.array(AccessLineView),
  /** Reviews that are over their day, and when one was done last; null: never. */
  reviews: z.object({ overdue: z.array(z.string()), lastDone: Time.nullable() }),
});
export type AccessReport = z.infer<typeof AccessReport>;

/** What somebody's role lets them do, and what of it they do. */
export const UnusedReport = z.object({
  at: Time,
  days: z.int().positive(),
  /** The first day of which anything is known: `2026-12-31`; null: nothing is. */
  since: z.string().nullable(),
  items: z.array(
    z.object({
      /** The assignment, or the token. */
      by: z.string(),
      who: z.string(),
      role: z.string(),
      service: z.string().nullable(),
      environment: z.string().nullable(),
      used: z.array(PermissionText),
      unused: z.array(PermissionText),
      /** Holds all that is used, and less; null: there is none. `none`: nothing was used. */
      smaller: z.string().nullable(),
    }),
  ),
});
export type UnusedReport = z.infer<typeof UnusedReport>;

const id = z.object({ id: z.string().min(1).max(64) });
const TokenName = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9.-]{0,62}[a-z0-9])?$/,
    "use lower-case letters, digits, dots and dashes",
  );

export const accessRoutes = {
  /** Who asks, and what they may. */
  accessWhoami: {
    method: "GET",
    path: "/api/v1/access/me",
    own: "whoever is known hears what they may, and that they may nothing",
    response: WhoView,
  },
  /** Who can do what, and how they got it. */
  accessReport: {
    method: "GET",
    path: "/api/v1/access/report",
    permission: "access.report",
    resource: everything,
    response: AccessReport,
  },
  /** Permissions that are held and never used. */
  accessUnused: {
    method: "GET",
    path: "/api/v1/access/unused",
    permission: "access.report",
    resource: everything,
    query: z.object({ days: z.coerce.number().int().min(1).max(400).default(90) }),
    response: UnusedReport,
  },
  /** The token itself is in this answer, and nowhere else ever. */
  tokenCreate: {
    method: "POST",
    path: "/api/v1/tokens",
    permission: "token.create",
    resource: at("body.service", "body.environment"),
    body: z.strictObject({
      name: TokenName,
      /** Whose it is; absent: a machine's. */
      person: PersonName.optional(),
      /** Absent: all that its person may. A machine's needs one. */
      role: Name.optional(),
      ...scope,
      /** At most a year. Milliseconds. */
      lastsMs: z
        .int()
        .min(60_000)
        .max(366 * 86_400_000),
    }),
    response: TokenView.extend({ token: z.string() }),
  },
  tokenList: {
    method: "GET",
    path: "/api/v1/tokens",
    permission: "token.read",
    resource: listed(),
    query: z.object({ state: z.enum(["valid", "any"]).default("valid") }),
    response: list(TokenView),
  },
  tokenRevoke: {
    method: "DELETE",
    path: "/api/v1/tokens/:id",
    permission: "token.revoke",
    resource: found("token", "params.id"),
    params: id,
    response: TokenView,
  },
  roleList: {
    method: "GET",
    path: "/api/v1/roles",
    permission: "role.read",
    resource: anywhere,
    response: list(RoleView),
  },
  /** What it held before, it holds no more, for everybody who has it. */
  roleDefine: {
    method: "PUT",
    path: "/api/v1/roles/:role",
    permission: "role.define",
    resource: everything,
    params: z.object({ role: Name }),
    body: z.strictObject({
      says: z.string().trim().min(1).max(300),
      permissions: z.array(PermissionName).max(200),
    }),
    response: RoleView.extend({ waitsFor: z.string().optional() }),
  },
  roleAssignments: {
    method: "GET",
    path: "/api/v1/role-assignments",
    permission: "role.read",
    resource: listed(),
    response: list(AssignmentView),
  },
  roleAssign: {
    method: "POST",
    path: "/api/v1/role-assignments",
    permission: "role.assign",
    resource: at("body.service", "body.environment"),
    body: z.strictObject({
      to: z.union([
        z.strictObject({ person: PersonName }),
        z.strictObject({ token: z.string().min(1).max(64) }),
      ]),
      role: Name,
      ...scope,
    }),
    response: AssignmentView,
  },
  roleUnassign: {
    method: "DELETE",
    path: "/api/v1/role-assignments/:id",
    permission: "role.assign",
    resource: found("role-assignment", "params.id"),
    params: id,
    response: AssignmentView,
  },
} as const;
