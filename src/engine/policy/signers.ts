import { signsCommits } from "../../evidence/commit-keys.ts";
import { type PolicyChange, policyRight } from "../../model/policy-proposal.ts";
import type { Digest } from "../../model/primitives.ts";
import type { WorkloadRule } from "../../model/workload.ts";
import type { Actor } from "../../ports/control-plane.ts";
import { keysOf } from "../../store/queries/grants.ts";
import type { Db } from "../../store/schema.ts";
import { governanceMode } from "./governance.ts";
import { propose } from "./proposal.ts";

/**
 * In team mode whoever may sign is policy too, and so is whoever else's word lets something through (who accepts risks,
 * judges findings, answers checks): else the shared token would make itself two people. Each answers the proposal that
 * has to be signed first, or null when nobody has to.
 */

const everywhere = [{ service: "", environment: "" }];

export async function proposeGrant(
  tx: Db,
  actor: Actor,
  person: string,
  grant: {
    readonly right: string;
    readonly service: string | null;
    readonly environment: string | null;
  },
): Promise<string | null> {
  if ((await governanceMode(tx)) !== "team") return null;
  const { right, service, environment } = grant;
  // A key that came between proposal and signature would be somebody else's.
  const keys = (await keysOf(tx, person)).map(({ key_id }) => key_id).sort();
  const other = right === policyRight ? {} : { right };
  const change = { kind: "grant", person, keys, ...other, service, environment } as const;
  const row = await propose(tx, actor, change, {
    documents: [],
    file: "",
    base: [],
    lanes: everywhere,
  });
  return row.id;
}

/** A role, or what one holds: in team mode nobody makes themselves more than they are. */
export async function proposeRole(
  tx: Db,
  actor: Actor,
  wish: Omit<Extract<PolicyChange, { kind: "role" }>, "kind">,
): Promise<string | null> {
  return proposeAlone(tx, actor, { kind: "role", ...wish });
}

export async function proposeRoleDefinition(
  tx: Db,
  actor: Actor,
  { name, says, permissions }: { name: string; says: string; permissions: string[] },
): Promise<string | null> {
  return proposeAlone(tx, actor, { kind: "role-definition", role: name, says, permissions });
}

/** Whom a platform's word lets in here: as much as a role. */
export async function proposeWorkloadRule(
  tx: Db,
  actor: Actor,
  wish: { readonly rule: WorkloadRule; readonly permissions: readonly string[] },
): Promise<string | null> {
  const permissions = [...wish.permissions];
  return proposeAlone(tx, actor, { kind: "workload-rule", rule: wish.rule, permissions });
}

async function proposeAlone(tx: Db, actor: Actor, change: PolicyChange): Promise<string | null> {
  if ((await governanceMode(tx)) !== "team") return null;
  const more = { documents: [], file: "", base: [], lanes: everywhere };
  return (await propose(tx, actor, change, more)).id;
}

/**
 * A further key of somebody who has a right; nobody else's key signs anything here. One that signs commits in any case: it
 * says whose work is whose.
 */
export async function proposeKey(
  tx: Db,
  actor: Actor,
  person: string,
  added: { readonly key: Digest; readonly publicKey: string },
): Promise<string | null> {
  if ((await governanceMode(tx)) !== "team") return null;
  const rights = await rightsOf(tx, person);
  const commits = signsCommits(added.publicKey);
  if (rights.length === 0 && !commits) return null;
  const others = rights.includes(policyRight) ? {} : { rights: [...rights] };
  const what = commits ? ({ commits } as const) : others;
  const change = { kind: "key", person, ...what, ...added } as const;
  const row = await propose(tx, actor, change, {
    documents: [],
    file: "",
    base: [],
    lanes: everywhere,
  });
  return row.id;
}

async function rightsOf(tx: Db, person: string): Promise<readonly string[]> {
  const grants = await tx
    .selectFrom("grants")
    .select("right")
    .distinct()
    .where("person", "=", person)
    .where("removed_at", "is", null)
    .orderBy("right")
    .limit(100)
    .execute();
  return grants.map(({ right }) => right);
}
