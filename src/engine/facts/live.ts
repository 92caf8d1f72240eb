import type { GateFacts } from "../../model/gate-facts.ts";
import { deploymentsProjection } from "../../store/projections/lanes.ts";
import { lastDeploymentOf } from "../../store/queries/live.ts";
import { groundsOf } from "../ledger/leaning.ts";
import { type FactsSite, onRecord, releaseOf, secondsSince } from "./site.ts";

/** What users had when the plan was made: the baseline for everything that is called new or changed. */
export async function liveFacts({ engine, plan, now }: FactsSite): Promise<GateFacts["live"]> {
  if (plan.live === null) return null;
  const { release, configuration } = plan.live;
  const read = () => lastDeploymentOf(engine.db, plan.lane, release, configuration);
  const rows: Awaited<ReturnType<typeof read>>[] = [];
  const trusted = await onRecord(engine, async () => {
    const row = await read();
    rows.push(row);
    return groundsOf(deploymentsProjection, row ? [row] : []);
  });
  const row = trusted ? rows.at(-1) : undefined;
  const content = await releaseOf(engine, release);
  return {
    release,
    version: content?.version ?? "",
    sinceSeconds: row ? secondsSince(row.from_at, now) : null,
  };
}
