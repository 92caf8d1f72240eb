import { sql } from "kysely";
import { digestOf } from "../../model/canonical.ts";
import type { KeptReport } from "../../model/verdict.ts";
import { type ErasableEntry, namedElsewhere } from "../../store/queries/erasures.ts";
import { dropRawReport } from "../../store/queries/evidence.ts";
import { unverifyDeployments } from "../../store/queries/live.ts";
import type { Db } from "../../store/schema.ts";
import { rawIn } from "../attestations/attest-promotion.ts";

const digestPattern = /sha256:[0-9a-f]{64}/g;

/**
 * What the entry stood for goes with it, wherever it is kept: reports, attestations, decisions, messages.
 * Evidence that is gone satisfies no gate, and what was verified by it is not verified any more.
 *
 * @returns digests of what was erased, for the record: an audit pack has to know that they are not missing
 */
export async function eraseContent(tx: Db, entry: ErasableEntry): Promise<readonly string[]> {
  const named = JSON.stringify(entry.payload).match(digestPattern) ?? [];
  const attestations = await eraseAttestations(tx, entry, [...new Set(named)]);
  switch (entry.kind) {
    case "check.reported":
      return [...attestations, ...(await eraseReport(tx, entry.operation))];
    case "decision.made": {
      const [promotion = "", step = ""] = entry.operation.split("/");
      await tx
        .deleteFrom("decisions")
        .where("promotion", "=", promotion)
        .where("step", "=", Number(step))
        .execute();
      return [...attestations, ...(await eraseInputs(tx, entry))];
    }
    case "promotion.accepted":
      await tx
        .updateTable("promotions")
        .set({ reason: "" })
        .where("id", "=", entry.operation)
        .execute();
      return attestations;
    case "promotion.ending":
    case "promotion.ended":
      await tx
        .updateTable("promotions")
        .set({ message: "", ending_message: null })
        .where("id", "=", entry.operation)
        .execute();
      return attestations;
    default:
      return attestations;
  }
}

async function eraseReport(tx: Db, run: string): Promise<readonly string[]> {
  const row = await tx
    .selectFrom("check_runs")
    .select(["report", "promotion"])
    .where("id", "=", run)
    .executeTakeFirst();
  if (!row?.report) return [];
  await tx.updateTable("check_runs").set({ report: null }).where("id", "=", run).execute();
  await unverifyDeployments(tx, row.promotion);
  return [...(await digestsOf(tx, row.report)), ...(await eraseLeanings(tx, row.promotion))];
}

/** What a check said stands in the inputs of every gate that looked at it: those decisions cannot be made again. */
async function eraseLeanings(tx: Db, promotion: string): Promise<readonly string[]> {
  const { rows } = await sql<{ digest: string }>`
    select i.digest from decisions d join decision_inputs i on i.digest = d.decision ->> 'inputs'
    where d.promotion = ${promotion} and position('"kind":"gate","ledger"' in i.content) > 0
  `.execute(tx);
  const digests = rows.map(({ digest }) => digest);
  await tx
    .deleteFrom("decision_inputs")
    .where("digest", "in", digests.length === 0 ? [""] : digests)
    .execute();
  return digests;
}

function inputsIn(payload: ErasableEntry["payload"]): string {
  const inputs = payload?.["inputs"];
  return typeof inputs === "string" ? inputs : "";
}

/** Of a decision that is erased itself: its inputs, unless another decision was made on the very same. */
async function eraseInputs(tx: Db, { entry, payload }: ErasableEntry): Promise<readonly string[]> {
  const digest = inputsIn(payload);
  if (digest === "" || (await namedElsewhere(tx, digest, entry))) return [];
  await tx.deleteFrom("decision_inputs").where("digest", "=", digest).execute();
  return [digest];
}

/**
 * The whole report, and the raw one, by which attestations name it; that one goes too, unless another run
 * has the very same.
 */
async function digestsOf(tx: Db, report: KeptReport): Promise<readonly string[]> {
  const whole = digestOf(report);
  if (report.raw === undefined) return [whole];
  const { digest } = rawIn(report.raw);
  const gone = "text" in report.raw || (await dropRawReport(tx, digest));
  return gone ? [whole, digest] : [whole];
}

async function eraseAttestations(
  tx: Db,
  { entry }: ErasableEntry,
  digests: readonly string[],
): Promise<readonly string[]> {
  const only: string[] = [];
  for (const digest of digests) if (!(await namedElsewhere(tx, digest, entry))) only.push(digest);
  const { rows } = await sql<{ digest: string }>`
    update attestations set content = null, erased_at = clock_timestamp()
    where digest = any(${only}::text[]) and erased_at is null
    returning digest
  `.execute(tx);
  return [...new Set(rows.map(({ digest }) => digest))];
}
