import { TidelockError } from "../../model/errors.ts";
import type { Plan } from "../../model/plan.ts";
import type { Lane } from "../../model/primitives.ts";
import { applyFloor } from "../../policy/floor.ts";
import type { Predecessor } from "../../policy/predecessors.ts";
import { registeredEnvironment, registeredPipeline } from "../../store/queries/catalogue.ts";
import { standingOf } from "../../store/queries/evidence.ts";
import type { Engine } from "../engine.ts";

/** How the plan's release fares in the environments that must have verified it first. */
export async function predecessorsOf(
  engine: Engine,
  plan: Pick<Plan, "lane" | "release" | "predecessors">,
): Promise<readonly Predecessor[]> {
  return Promise.all(
    plan.predecessors.map(async (environment) => {
      const lane = { service: plan.lane.service, environment };
      const rows = await standingOf(engine.db, lane, plan.release);
      // Known to be worse since: an older verification counts no more (law 3).
      const revoked = rows.findIndex(
        (row) => row.revoked_at !== null || row.contradicted_at !== null,
      );
      const standing = revoked < 0 ? rows : rows.slice(0, revoked);
      const verified = standing.find((row) => row.verified_at !== null);
      const from = verified?.verified_at;
      return {
        environment,
        verifiedAt: from?.toISOString() ?? null,
        promotion: verified?.promotion ?? null,
        healthy:
          verified && from
            ? { from: from.toISOString(), until: verified.until_at?.toISOString() ?? null }
            : null,
        soakMs: await soakIn(engine, lane, plan.lane.environment),
      };
    }),
  );
}

async function soakIn(engine: Engine, lane: Lane, before: string): Promise<number> {
  const pipeline = await registeredPipeline(engine.db, lane.service);
  const environment = await registeredEnvironment(engine.db, lane.environment);
  const wish = pipeline?.document.spec.environments.find((one) => one.name === lane.environment);
  if (!wish && environment) {
    // The owners demand it of every service, and this one does not go there (any more).
    const { floor } = (await registeredEnvironment(engine.db, before))?.document.spec ?? {};
    if (floor?.after?.includes(lane.environment))
      return environment.document.spec.floor.minimumSoak;
  }
  if (!wish || !environment) {
    throw new TidelockError(
      "not-found",
      `${lane.environment} must verify this release first, and is not registered any more`,
      { fault: "operator", where: lane.environment, hint: "apply the pipeline file again" },
    );
  }
  return applyFloor(wish, environment.document.spec.floor).soakMs;
}
