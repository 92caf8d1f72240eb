import type { Environment } from "../../model/pipeline.ts";
import type { Plan } from "../../model/plan.ts";
import type { Digest } from "../../model/primitives.ts";
import { type Release, releaseId } from "../../model/release.ts";
import { documentByDigest, readRelease } from "../../store/queries/catalogue.ts";
import type { Engine } from "../engine.ts";
import { type Ground, lastingDifference } from "../ledger/leaning.ts";

/** About what facts are gathered. */
export interface FactsSite {
  readonly engine: Engine;
  readonly plan: Plan;
  readonly release: Release;
  /** By the database's clock. */
  readonly now: Date;
}

/**
 * Whether rows are what the ledger says. What is not counts for nothing here; who may do something because of it is
 * decided elsewhere.
 */
export async function onRecord(
  { log, db, notice }: Engine,
  gather: () => Promise<readonly Ground[]>,
): Promise<boolean> {
  const difference = await lastingDifference(log, db, gather);
  if (difference) notice(`a gate leaves out what it cannot trust: ${difference.message}`);
  return difference === null;
}

/** A release by its digest, which is over all that is read of it: no row can say otherwise. */
export async function releaseOf({ db }: Engine, id: Digest): Promise<Release | null> {
  const row = await readRelease(db, id);
  return row && releaseId(row.content) === id ? row.content : null;
}

/** The environment document that the plan was frozen with. */
export async function environmentOf({ engine, plan }: FactsSite): Promise<Environment | null> {
  const found = await documentByDigest<Environment>(engine.db, "Environment", plan.environment);
  return found ?? null;
}

/** Whole seconds since; never less than none. @param at RFC 3339 or a date */
export function secondsSince(at: Date | string, now: Date): number {
  const ms = now.getTime() - new Date(at).getTime();
  return Number.isFinite(ms) ? Math.max(0, Math.floor(ms / 1_000)) : 0;
}
