import { randomBytes } from "node:crypto";
import type { WorkloadRuleView } from "../../../api/routes/federation.ts";
import { ofWorkload } from "../../../identity/holdings.ts";
import { workloadsMay } from "../../../identity/roles.ts";
import { ruleProblems } from "../../../identity/workload/rule-problems.ts";
import { requireSafe } from "../../../issuers/ask-issuer.ts";
import { TidelockError } from "../../../model/errors.ts";
import type { WorkloadRule } from "../../../model/workload.ts";
import type { Actor } from "../../../ports/control-plane.ts";
import { announce } from "../../../store/queries/events.ts";
import {
  addRule,
  findRule,
  listRules,
  removeRule,
  ruleUses,
} from "../../../store/queries/workload.ts";
import type { WorkloadRuleRow } from "../../../store/schema-access.ts";
import type { Db } from "../../../store/schema.ts";
import type { Engine } from "../../engine.ts";
import { modeByRecord } from "../../policy/governance.ts";
import { lockPolicy } from "../../policy/lock.ts";
import { proposeWorkloadRule } from "../../policy/signers.ts";
import { requireRole, requireWithin } from "../giving.ts";

/** Rules by which programs of other platforms get tokens: who keeps them. */

export async function listWorkloadRules(engine: Engine): Promise<readonly WorkloadRuleView[]> {
  const [rows, uses] = await Promise.all([listRules(engine.db), ruleUses(engine.db)]);
  return rows.map((row) => ruleView(row, uses.get(row.id)));
}

/** In team mode it counts when two people have signed it, like a role. */
export async function addWorkloadRule(
  engine: Engine,
  actor: Actor,
  rule: WorkloadRule,
): Promise<WorkloadRuleView> {
  requireSound(rule);
  await modeByRecord(engine);
  const { row, waits } = await engine.db.transaction().execute(async (tx) => {
    await lockPolicy(tx);
    const permissions = await requireWorkloadRole(tx, rule);
    requireWithin(actor, permissions, rule, `the rule ${rule.name}`);
    await requireNew(tx, rule.name);
    const waits = await proposeWorkloadRule(tx, actor, { rule, permissions: [...permissions] });
    if (waits !== null) return { row: proposedRow(rule, actor), waits };
    return { row: await putRule(tx, rule, actor.id), waits: null };
  });
  engine.signals.emit("change");
  const view = ruleView(row, undefined);
  return waits === null ? view : { ...view, waitsFor: waits };
}

/** Writes a rule down. In the transaction of whoever decided that it counts. */
export async function putRule(tx: Db, rule: WorkloadRule, by: string): Promise<WorkloadRuleRow> {
  const row = await addRule(tx, `w${randomBytes(5).toString("hex")}`, rule, by);
  if (!row) throw taken(rule.name);
  const message = `${by} added the workload rule ${rule.name} (${row.id})`;
  await announce(tx, { kind: "token.changed", message });
  return row;
}

/**
 * What a rule gives, sorted: no more than any program of another platform may have.
 *
 * @throws TidelockError `not-found`, `invalid-input`
 */
export async function requireWorkloadRole(
  tx: Db,
  { role, service, environment }: WorkloadRule,
): Promise<WorkloadPermissions> {
  const { permissions } = await requireRole(tx, role);
  const beyond = [...permissions].filter((one) => !workloadsMay.has(one)).sort();
  if (beyond.length > 0) {
    const shown = beyond.slice(0, 5).join(", ") + (beyond.length > 5 ? ", …" : "");
    throw new TidelockError(
      "invalid-input",
      `the role ${role} holds more than a program of another platform may: ${shown}`,
      {
        fault: "operator",
        where: "role",
        hint: "use `ci`, or define a role without that; promoting, approving, waiving and closing are people's",
      },
    );
  }
  return [...ofWorkload({ role, permissions, service, environment }).permissions].sort();
}
type WorkloadPermissions = readonly Parameters<typeof workloadsMay.has>[0][];

/** @throws TidelockError `invalid-input` with everything that is wrong with it */
function requireSound(rule: WorkloadRule): void {
  requireSafe(rule.issuer);
  const problems = ruleProblems(rule);
  const [first] = problems;
  if (first === undefined) return;
  throw new TidelockError("invalid-input", first.message, {
    fault: "operator",
    where: first.where,
    ...(first.hint === undefined ? {} : { hint: first.hint }),
    ...(problems.length > 1 ? { problems } : {}),
  });
}

async function requireNew(tx: Db, name: string): Promise<void> {
  const before = await findRule(tx, name);
  if (before !== undefined && before.removed_at === null) throw taken(name);
}

function taken(name: string): TidelockError {
  return new TidelockError("conflict", `there is a rule ${name}, and rules do not change`, {
    fault: "operator",
    where: name,
    hint: "choose another name, or remove it first: tidelock workload rule remove",
  });
}

/** Whoever takes away gives nothing: one person is enough. */
export async function removeWorkloadRule(
  engine: Engine,
  actor: Actor,
  reference: string,
): Promise<WorkloadRuleView> {
  const row = await engine.db.transaction().execute(async (tx) => {
    const known = await findRule(tx, reference);
    const row = known && (await removeRule(tx, known.id, actor.id));
    if (!row) {
      throw new TidelockError("not-found", "there is no such rule", {
        fault: "operator",
        where: reference,
        hint: "see them: tidelock workload rule list",
      });
    }
    const message = `${actor.id} removed the workload rule ${row.name} (${row.id})`;
    await announce(tx, { kind: "token.changed", message });
    return row;
  });
  engine.signals.emit("change");
  return ruleView(row, (await ruleUses(engine.db)).get(row.id));
}

function proposedRow(rule: WorkloadRule, actor: Actor): RuleFacts {
  return { id: "", rule, added_at: new Date(), added_by: actor.id };
}

type RuleFacts = Pick<WorkloadRuleRow, "id" | "rule" | "added_at" | "added_by">;

function ruleView(
  { id, rule, added_at, added_by }: RuleFacts,
  use:
    | { readonly given: number; readonly valid: number; readonly last_at: Date | null }
    | undefined,
): WorkloadRuleView {
  return {
    ...rule,
    id,
    addedAt: added_at.toISOString(),
    addedBy: added_by,
    lastUsedAt: use?.last_at?.toISOString() ?? null,
    given: use?.given ?? 0,
    valid: use?.valid ?? 0,
  };
}
