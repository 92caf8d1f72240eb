import { TidelockError } from "../../model/errors.ts";
import { type ManualAnswers, sessionHint, sessionProblem } from "../../model/manual-check.ts";
import { sessionRanMs } from "../../store/queries/check-requests.ts";
import type { CheckRequestRow } from "../../store/schema-manual.ts";
import type { Db } from "../../store/schema.ts";

/**
 * An answer to a session that is too short would end the promotion as inconclusive, and the first answer stands:
 * it is refused, so that the expert can go on.
 *
 * @throws TidelockError `conflict`
 */
export async function requireSessionTime(
  tx: Db,
  request: CheckRequestRow,
  answers: ManualAnswers,
): Promise<void> {
  if (request.form.kind !== "session" || answers.kind !== "session") return;
  const ranMs = await sessionRanMs(tx, request.id);
  const problem = sessionProblem(request.form, ranMs, answers.minutes);
  if (problem === null) return;
  throw new TidelockError("conflict", problem, {
    fault: "operator",
    where: `check ${request.check} of ${request.promotion}`,
    hint: sessionHint(request.id, request.promotion, ranMs),
  });
}
