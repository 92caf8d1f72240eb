import type {
  AccessReport,
  AssignmentView,
  RoleView,
  TokenView,
  UnusedReport,
  WhoView,
} from "../api/routes/access.ts";
import type { Permission, Thing } from "../model/permissions.ts";
import type { Principal, Resource, Scope, Sight } from "../model/principal.ts";
import type { Actor } from "./control-plane.ts";

/** Who may do what. Deny by default; every change is an entry of the ledger. */
export interface AccessControl {
  /** Who holds the token with this SHA-256 now; null: nobody. Revoked or changed by anybody, it is so for the next request. */
  byToken(digest: string): Promise<Principal | null>;
  /** Remembers, roughly and not at once, that a token was used from somewhere. */
  used(token: string, place: string): void;
  /** Remembers, once a day and not at once, that somebody was let do something. */
  usedPermission(principal: Principal, permission: Permission): void;
  /** What is held, and nobody has used in so many days; with the smaller role that would do. */
  unused(days: number): Promise<UnusedReport>;
  /** Who holds the session with this SHA-256 now; null: nobody, also when it came another way than it was given. */
  bySession(digest: string, carried: "cookie" | "bearer"): Promise<Principal | null>;
  /** Whether the token of the data directory still counts. */
  bootstrapCounts(): Promise<boolean>;
  /** Somebody is there: their session's idle time begins anew, roughly and not at once. */
  seen(session: string): void;
  /**
   * Where something lies that a request names: each of these is touched. Null: there is no such thing.
   *
   * @throws TidelockError `invalid-input` for documents that cannot be read
   */
  placesOf(thing: Thing, reference: string): Promise<readonly Resource[] | null>;

  report(): Promise<AccessReport>;
  whoami(actor: Actor): Promise<WhoView>;
  /** @throws TidelockError `forbidden` for more than the actor has themselves; so do the others that give */
  createToken(
    actor: Actor,
    wish: Scope & {
      readonly name: string;
      readonly person?: string;
      readonly role?: string;
      readonly lastsMs: number;
    },
  ): Promise<TokenView & { readonly token: string }>;
  listTokens(state: "valid" | "any", sees?: Sight): Promise<readonly TokenView[]>;
  revokeToken(actor: Actor, id: string): Promise<TokenView>;
  listRoles(): Promise<readonly RoleView[]>;
  defineRole(
    actor: Actor,
    role: {
      readonly name: string;
      readonly says: string;
      readonly permissions: readonly Permission[];
    },
  ): Promise<RoleView & { readonly waitsFor?: string }>;
  listAssignments(): Promise<readonly AssignmentView[]>;
  assign(
    actor: Actor,
    wish: Scope & {
      readonly to: { readonly person: string } | { readonly token: string };
      readonly role: string;
    },
  ): Promise<AssignmentView>;
  unassign(actor: Actor, id: string): Promise<AssignmentView>;
}
