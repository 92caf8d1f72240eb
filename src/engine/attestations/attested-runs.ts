import type { Plan } from "../../model/plan.ts";
import { checkRun } from "../../evidence/predicates/check-run.ts";
import { verifyOwnEvidence } from "../../evidence/predicates/predicate.ts";
import { ownAttestationsAbout } from "../../store/queries/attestations.ts";
import type { AttestationRow, CheckRunRow } from "../../store/schema.ts";
import { trustedEvidenceKeys } from "./attest.ts";
import { attestationBytes } from "./attest-material.ts";
import { checkAddress } from "./attest-promotion.ts";
import type { Engine } from "../engine.ts";

/**
 * The finished runs that a gate may look at: each has its signed statement, made for exactly this address
 * (environment, colour, configuration, promotion, policy), and the row says what was signed. A row that
 * somebody has edited, or that was carried over from elsewhere, is as good as missing.
 */
export async function attestedRuns(
  engine: Engine,
  plan: Plan,
  runs: readonly CheckRunRow[],
): Promise<readonly CheckRunRow[]> {
  const finished = runs.filter((run) => run.report);
  const about = finished.map(({ id }) => id);
  const envelopes = await ownAttestationsAbout(engine.db, about, checkRun.type);
  const keys = await trustedEvidenceKeys(engine.db);
  const attested: CheckRunRow[] = [];
  for (const run of finished) {
    const own = envelopes.filter((row) => row.about === run.id);
    const problem = await problemOf(engine, plan, run, own, keys);
    if (problem === null) attested.push(run);
    else engine.notice(`check run ${run.id} counts for nothing: ${problem}`);
  }
  return attested;
}

async function problemOf(
  engine: Engine,
  plan: Plan,
  run: CheckRunRow,
  envelopes: readonly AttestationRow[],
  keys: Awaited<ReturnType<typeof trustedEvidenceKeys>>,
): Promise<string | null> {
  let problem = "nobody has signed it";
  for (const row of envelopes) {
    const expected = checkAddress(plan, run);
    try {
      const bytes = await attestationBytes(engine, row);
      const found = verifyOwnEvidence(bytes, checkRun, { keys, expected });
      if (!found.ok) problem = found.problem;
      else if (
        found.value.run !== run.id ||
        found.value.verdict !== run.report?.verdict ||
        found.value.validUntil !== run.report.validUntil
      ) {
        problem = "its row says something else than was signed";
      } else return null;
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
  }
  return problem;
}
