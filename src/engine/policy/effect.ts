import { randomBytes } from "node:crypto";
import type { Actor } from "../../ports/control-plane.ts";
import { announce } from "../../store/queries/events.ts";
import { addGrant, addPersonKey, keysOf, linkOf } from "../../store/queries/grants.ts";
import { insertGovernance, insertPolicyAct, newestGovernance } from "../../store/queries/policy.ts";
import { policyRight } from "../../model/policy-proposal.ts";
import type { Db } from "../../store/schema.ts";
import { refused } from "../access/people/two-people.ts";
import { ofMachine } from "../../identity/holdings.ts";
import { isPermission } from "../../model/permissions.ts";
import { addAssignment, putRole } from "../../store/queries/tokens.ts";
import { requireRole } from "../access/giving.ts";
import { newAssignmentId } from "../access/roles.ts";
import { putRule, requireWorkloadRole } from "../access/federation/workload-rules.ts";
import { crossServerProblems } from "../releases/document-references.ts";
import { refuse, register, registryWith } from "../releases/documents.ts";
import type { Engine } from "../engine.ts";
import { newActId } from "../ids.ts";
import { asDocuments } from "./apply.ts";
import { type ProposalContent, voidProposals } from "./proposal.ts";

/** What two people have signed comes into effect: in the transaction of the second signature, or not at all. */
export async function takeEffect(
  engine: Engine,
  tx: Db,
  actor: Actor,
  { proposed, documents, file }: ProposalContent,
): Promise<void> {
  const { proposal, change } = proposed;
  if ("person" in change && change.person !== null) {
    // Whoever became another name of somebody meanwhile is nobody to give anything to.
    const link = await linkOf(tx, change.person);
    if (link) {
      const message = "this person is another name of somebody by now; propose it for that one";
      throw refused("conflict", message, proposal);
    }
  }
  switch (change.kind) {
    case "documents": {
      const parsed = asDocuments(documents);
      const registry = await registryWith(tx, parsed.pipelines, parsed.environments);
      refuse(file, crossServerProblems(engine, registry, parsed));
      for (const document of documents) await register(tx, actor, file, document);
      await noteInEffect(tx, actor, proposal, { documents: change.documents });
      // Others that were made beside these are void, and this one is in effect.
      await voidProposals(tx, change.documents, actor.id);
      break;
    }
    case "governance": {
      const row = await newestGovernance(tx);
      if (row?.mode !== "team") throw refused("conflict", "it is solo already", proposal);
      await insertGovernance(tx, row.version + 1, change.to, proposal, actor.id);
      await noteInEffect(tx, actor, proposal, { to: change.to });
      break;
    }
    case "grant": {
      const { person, right = policyRight, service, environment } = change;
      const keys = (await keysOf(tx, person)).map(({ key_id }) => key_id).sort();
      if (keys.join() !== [...change.keys].sort().join()) {
        const message = "this person has other keys than when it was proposed; propose it anew";
        throw refused("conflict", message, proposal);
      }
      const id = `g${randomBytes(5).toString("hex")}`;
      await addGrant(tx, { id, person, right, service, environment }, actor.id);
      await noteInEffect(tx, actor, proposal, { grant: id, person });
      break;
    }
    case "role": {
      const { person, token, role, permissions, service, environment } = change;
      const held = await requireRole(tx, role);
      const scope = { role, permissions: held.permissions, service, environment };
      const now = [...(token === null ? scope : ofMachine(scope)).permissions].sort();
      if (now.join() !== permissions.join()) {
        const message = `the role ${role} holds other permissions than when it was proposed`;
        throw refused("conflict", message, proposal);
      }
      const id = newAssignmentId();
      await addAssignment(tx, { id, person, token, role, service, environment }, actor.id);
      await noteInEffect(tx, actor, proposal, { assignment: id, role });
      break;
    }
    case "role-definition": {
      const { role, says } = change;
      const permissions = change.permissions.filter(isPermission);
      await putRole(tx, { name: role, says, permissions }, actor.id);
      await noteInEffect(tx, actor, proposal, { role });
      break;
    }
    case "enrolment":
      // Whoever asked for it does it now, once: see `twoPeopleFirst`.
      await noteInEffect(tx, actor, proposal, { act: change.act, person: change.person });
      break;
    case "workload-rule": {
      const { rule, permissions } = change;
      const now = await requireWorkloadRole(tx, rule);
      if (now.join() !== permissions.join()) {
        const message = `the role ${rule.role} holds other permissions than when it was proposed`;
        throw refused("conflict", message, proposal);
      }
      const { id } = await putRule(tx, rule, actor.id);
      await noteInEffect(tx, actor, proposal, { workloadRule: id });
      break;
    }
    case "key": {
      const { person, key, publicKey } = change;
      const row = await addPersonKey(tx, { key_id: key, person, public_key: publicKey }, actor.id);
      if (!row) throw refused("conflict", "this key was enrolled meanwhile", proposal);
      await noteInEffect(tx, actor, proposal, { key, person });
      break;
    }
  }
  const message = `the proposal ${proposal} is in effect: two people have signed it`;
  await announce(tx, { kind: "policy.changed", message });
}

async function noteInEffect(
  tx: Db,
  actor: Actor,
  proposal: string,
  what: Readonly<Record<string, unknown>>,
): Promise<void> {
  await insertPolicyAct(
    tx,
    {
      id: newActId(),
      kind: "effect",
      proposal,
      content: JSON.stringify({ governance: "team", ...what }),
      acted_by: actor.id,
    },
    { governance: "team" },
  );
}
