import { digestOf } from "../../model/canonical.ts";
import { TidelockError } from "../../model/errors.ts";
import type { Document, Environment, Pipeline } from "../../model/pipeline.ts";
import type { Plan } from "../../model/plan.ts";
import type { Digest } from "../../model/primitives.ts";
import { documentByDigest, readRelease } from "../../store/queries/catalogue.ts";
import type { Db, PromotionRow } from "../../store/schema.ts";

/** The documents that a plan was made from, whole. */
export interface PlannedDocuments {
  readonly pipeline: { readonly digest: Digest; readonly document: Pipeline };
  readonly environment: { readonly digest: Digest; readonly document: Environment };
}

/**
 * What a promotion was planned under, read back and held against its digest: without it nobody knows what is
 * demanded, so nothing may start.
 *
 * @throws TidelockError `not-found` for a document that is gone, `digest-mismatch` for one that is another now
 */
export async function plannedDocuments(db: Db, plan: Plan): Promise<PlannedDocuments> {
  const [pipeline, environment] = await Promise.all([
    planned<Pipeline>(db, "Pipeline", plan.pipeline),
    planned<Environment>(db, "Environment", plan.environment),
  ]);
  return {
    pipeline: { digest: plan.pipeline, document: pipeline },
    environment: { digest: plan.environment, document: environment },
  };
}

async function planned<D extends Document>(db: Db, kind: D["kind"], digest: Digest): Promise<D> {
  const document = await documentByDigest<D>(db, kind, digest);
  const named = `the ${kind} document that it was planned under (${digest.slice(0, 19)})`;
  if (document === undefined) throw new TidelockError("not-found", `${named} is gone`);
  if (digestOf(document) === digest) return document;
  throw new TidelockError("digest-mismatch", `${named} holds something else than its digest says`);
}

/** What somebody does about a promotion whose plan cannot be carried out. */
export async function planAgain(db: Db, promotion: PromotionRow): Promise<string> {
  const { service, environment, kind } = promotion;
  if (kind === "rollback") {
    return `take it back anew: tidelock rollback ${environment} --service ${service}`;
  }
  const release = await readRelease(db, promotion.release);
  const name = `${service}@${release?.version ?? promotion.release}`;
  return `plan it again: tidelock pipeline apply, then tidelock promote ${name} --to ${environment}`;
}
