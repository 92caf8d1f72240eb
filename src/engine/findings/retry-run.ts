import { TidelockError } from "../../model/errors.ts";
import type { Actor } from "../../ports/control-plane.ts";
import { announce } from "../../store/queries/events.ts";
import { importOfRun } from "../../store/queries/findings-imports.ts";
import { forgetFailure, skippedRun } from "../../store/queries/findings-runs.ts";
import type { FindingImportRow } from "../../store/schema-findings.ts";
import type { Engine } from "../engine.ts";
import { requireWritable } from "../ledger/writable.ts";
import { takeInOwnRuns } from "./own-runs.ts";

/**
 * Tries to take in the report of an own scan that rests after a failure or was given up: whoever has repaired what kept
 * it out does not have to scan again. One that fails again rests and is given up as before.
 *
 * @throws TidelockError `not-found`, or `conflict` with why it still cannot be taken in
 */
export async function retryRun(
  engine: Engine,
  actor: Actor,
  service: string,
  run: string,
): Promise<FindingImportRow> {
  const { db } = engine;
  const skipped = await skippedRun(db, service, run);
  if (!skipped) {
    throw new TidelockError("not-found", `no report of a run ${run} of ${service} is missing`, {
      fault: "operator",
      where: run,
      hint: `see those that are: tidelock findings imports --service ${service}`,
    });
  }
  await requireWritable(db, "an import is an entry of the ledger");
  await db.transaction().execute(async (tx) => {
    await forgetFailure(tx, run);
    await announce(tx, {
      kind: "finding.retried",
      service,
      environment: skipped.environment,
      promotion: skipped.promotion,
      message: `${actor.id} has the report of check ${skipped.name} (${run}) taken in again: ${skipped.why}`,
    });
  });
  await takeInOwnRuns(engine, skipped.promotion);
  const taken = await importOfRun(db, run);
  if (taken) return taken;
  const still = await skippedRun(db, service, run);
  throw new TidelockError(
    "conflict",
    `the report cannot be taken in: ${still?.why ?? "it is its turn soon, and others come first"}`,
    {
      fault: "operator",
      where: run,
      hint: still?.given_up
        ? "it was given up again; run the check anew with another promotion"
        : "it is tried again by itself",
    },
  );
}
