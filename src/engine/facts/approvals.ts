import type { GateFacts } from "../../model/gate-facts.ts";
import { asTidelockError } from "../../model/errors.ts";
import { requestOfRun } from "../../store/queries/check-requests.ts";
import type { CheckRunRow } from "../../store/schema.ts";
import { takeAnswer } from "../manual/taken.ts";
import { type FactsSite, secondsSince } from "./site.ts";

/**
 * People's signed answers that passed, each verified anew from its signed bytes against request, key and ledger.
 *
 * @param runs of this promotion, those that have their signed statement
 */
export async function approvalFacts(
  { engine, now }: FactsSite,
  runs: readonly CheckRunRow[],
): Promise<GateFacts["approvals"]> {
  const passed = runs.filter(({ uses, report }) => uses === "manual" && report?.verdict === "pass");
  const approvals: GateFacts["approvals"] = [];
  for (const { id, name } of passed) {
    try {
      const answer = await takeAnswer(engine, id);
      if (answer === null || !(Date.parse(answer.validUntil) > now.getTime())) continue;
      const { person, answeredAt } = answer;
      const role = (await requestOfRun(engine.db, id))?.role ?? null;
      approvals.push({ check: name, person, role, ageSeconds: secondsSince(answeredAt, now) });
    } catch (error) {
      engine.notice(`the answer to ${id} counts for nothing: ${asTidelockError(error).message}`);
    }
  }
  return approvals;
}
