import type { GateFacts } from "../../model/gate-facts.ts";
import { leafByOperation } from "../../store/queries/ledger-read.ts";
import { readRelease } from "../../store/queries/catalogue.ts";
import { type FactsSite, secondsSince } from "./site.ts";

/** Who made the release and when, by the log's word where it has one: people by pseudonym, as everywhere in it. */
export async function releaseFacts({
  engine,
  plan,
  release,
  now,
}: FactsSite): Promise<GateFacts["release"]> {
  const [leaf, row] = await Promise.all([
    leafByOperation(engine.db, `release/${plan.release}`, "release.created"),
    readRelease(engine.db, plan.release),
  ]);
  const createdAt = leaf?.entry.time ?? row?.created_at ?? now;
  return {
    digest: plan.release,
    version: release.version,
    createdAt: new Date(createdAt).toISOString(),
    ageSeconds: secondsSince(createdAt, now),
    createdBy: leaf?.entry.actor ?? "",
  };
}
