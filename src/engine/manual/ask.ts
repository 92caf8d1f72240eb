import { randomBytes } from "node:crypto";
import canonicalize from "canonicalize";
import { utf8 } from "../../evidence/bytes.ts";
import { formDigest } from "../../evidence/predicates/manual-answer.ts";
import type { ManualForm } from "../../model/manual-check.ts";
import type { CheckDemand } from "../../model/pipeline.ts";
import type { Check } from "../../ports/check.ts";
import {
  askOnce,
  keepForm,
  reusableAnswers,
  reuseAnswer,
} from "../../store/queries/check-requests.ts";
import { announce } from "../../store/queries/events.ts";
import { grantsFor, keyById } from "../../store/queries/grants.ts";
import { readTree } from "../../store/queries/ledger-tree.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import type { CheckRequestRow } from "../../store/schema-manual.ts";
import type { Db } from "../../store/schema.ts";
import type { Subject } from "../check-runs/check-context.ts";
import type { StepContext } from "../steps/step.ts";
import { answerRight, standingOf } from "./right.ts";
import { signerAgainst } from "./signer.ts";

/** What a check asks people; null for one that asks nobody, or is told what it does not understand. */
export function formOf(check: Check | undefined, demand: CheckDemand): ManualForm | null {
  const parsed = check?.form && check.schema.safeParse(demand.with);
  return parsed?.success && check?.form ? check.form(parsed.data) : null;
}

/** Whom a run waits for, until when; null when it can go on: an answer is there, or it is too late for one. */
export interface Waiting {
  readonly who: string;
  readonly until: Date;
}

/**
 * In the transaction that begins a run: people are asked once, whatever dies, and an earlier answer about exactly
 * the same is used where the form allows it and whoever gave it could give it again now.
 */
export async function askPeople(
  context: Pick<StepContext, "plan" | "promotion">,
  tx: Db,
  demand: CheckDemand,
  form: ManualForm,
  run: { readonly id: string; readonly subject: Subject | null },
): Promise<Waiting | null> {
  const { plan, promotion } = context;
  const { origin } = await readTree(tx);
  const digest = formDigest(form);
  const content = canonicalize({ kind: "ManualForm", formatVersion: 1, form }) ?? "";
  await keepForm(tx, digest, Buffer.from(utf8(content)));
  const fresh = randomBytes(16).toString("hex");
  const asked = await askOnce(
    tx,
    {
      id: fresh,
      run: run.id,
      promotion: promotion.id,
      check: demand.name,
      role: form.role,
      ...plan.lane,
      colour: run.subject?.colour ?? null,
      release: plan.release,
      configuration: plan.configuration,
      plan: promotion.plan_digest,
      ledger: origin,
      form: JSON.stringify(form),
      form_digest: digest,
    },
    form.answerWithin,
  );
  if (asked.id === fresh) {
    await announce(tx, {
      kind: "check.asked",
      ...plan.lane,
      promotion: promotion.id,
      message: `check ${demand.name} waits for somebody with the role ${form.role}`,
    });
  }
  const request = asked.answer === null ? await reused(tx, asked, demand.allowWarn) : asked;
  const now = new Date(await databaseTime(tx));
  if (request.answer !== null || now >= request.answer_until) return null;
  return { who: await whoCan(tx, request), until: request.answer_until };
}

async function reused(
  tx: Db,
  request: CheckRequestRow,
  allowWarn: boolean,
): Promise<CheckRequestRow> {
  if (request.form.reuse === "never") return request;
  const opening = allowWarn ? (["pass", "warn"] as const) : (["pass"] as const);
  for (const earlier of await reusableAnswers(tx, request, opening)) {
    const key = earlier.key_id && (await keyById(tx, earlier.key_id));
    if (!earlier.person || !key || key.removed_at !== null) continue;
    const standing = await standingOf(tx, earlier.person, request);
    if (standing.against !== null) continue;
    const signer = { person: earlier.person, key: key.key_id };
    if ((await signerAgainst(tx, request, signer)) !== null) continue;
    const again = await reuseAnswer(tx, request.id, earlier, standing.separation.known);
    if (again) return again;
  }
  return request;
}

async function whoCan(
  db: Db,
  { role, service, environment, id }: CheckRequestRow,
): Promise<string> {
  const holders = await grantsFor(db, answerRight(role), { service, environment });
  const how = `tidelock check answer ${id.slice(0, 12)}`;
  return holders.length === 0
    ? `somebody with the role ${role}, which nobody holds here yet (tidelock person grant); then: ${how}`
    : `somebody with the role ${role}: ${how}`;
}
