import { randomUUID } from "node:crypto";
import { asTidelockError } from "../../model/errors.ts";
import { laneKey } from "../../model/primitives.ts";
import type { Actor } from "../../ports/control-plane.ts";
import { registeredEnvironment } from "../../store/queries/catalogue.ts";
import { lanesOf } from "../../store/queries/lanes.ts";
import type { Engine } from "../engine.ts";

/** Writes down what each lane's router does now, beside what our tables call live: drift shows in the log. */
export async function observeLanes(
  engine: Engine,
  actor: Actor,
  environment: string,
): Promise<void> {
  const registered = await registeredEnvironment(engine.db, environment);
  if (!registered) return;
  const router = engine.routerFor(registered.document.spec.router);
  const lanes = (await lanesOf(engine.db)).filter((lane) => lane.environment === environment);
  const look = randomUUID();
  const entries = await Promise.all(
    lanes.map(async (row) => {
      const lane = laneKey(row);
      const seen = await router.read(lane).then(
        ({ route, effective }) => ({
          weights: effective?.weights ?? null,
          problem: route !== null && effective === null ? "its router does not answer" : null,
        }),
        (error: unknown) => ({ weights: null, problem: asTidelockError(error).message }),
      );
      return {
        operation: `look/${look}/${lane}`,
        kind: "lane.observed",
        stream: lane,
        actor: actor.id,
        payload: { lane, live: row.live_colour, ...seen },
      };
    }),
  );
  await engine.ledger.append(engine.db, ...entries);
}
