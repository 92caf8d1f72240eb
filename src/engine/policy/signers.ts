import { policyRight } from "../../model/policy-proposal.ts";
import type { Digest } from "../../model/primitives.ts";
import type { Actor } from "../../ports/control-plane.ts";
import { keysOf } from "../../store/queries/grants.ts";
import type { Db } from "../../store/schema.ts";
import { governanceMode } from "./governance.ts";
import { propose } from "./proposal.ts";

/**
 * In team mode whoever may sign is policy too: else the shared token would make itself two people. Each answers the
 * proposal that has to be signed first, or null when nobody has to.
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
  if (grant.right !== policyRight || (await governanceMode(tx)) !== "team") return null;
  const { service, environment } = grant;
  // A key that came between proposal and signature would be somebody else's.
  const keys = (await keysOf(tx, person)).map(({ key_id }) => key_id).sort();
  const change = { kind: "grant", person, keys, service, environment } as const;
  const row = await propose(tx, actor, change, {
    documents: [],
    file: "",
    base: [],
    lanes: everywhere,
  });
  return row.id;
}

/** A further key of somebody who may sign; nobody else's key signs anything here. */
export async function proposeKey(
  tx: Db,
  actor: Actor,
  person: string,
  added: { readonly key: Digest; readonly publicKey: string },
): Promise<string | null> {
  if ((await governanceMode(tx)) !== "team" || !(await maySign(tx, person))) return null;
  const change = { kind: "key", person, ...added } as const;
  const row = await propose(tx, actor, change, {
    documents: [],
    file: "",
    base: [],
    lanes: everywhere,
  });
  return row.id;
}

async function maySign(tx: Db, person: string): Promise<boolean> {
  const grant = await tx
    .selectFrom("grants")
    .select("id")
    .where("person", "=", person)
    .where("right", "=", policyRight)
    .where("removed_at", "is", null)
    .limit(1)
    .executeTakeFirst();
  return grant !== undefined;
}
