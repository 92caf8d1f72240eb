import type { PolicyControl } from "../../ports/policy-control.ts";
import { keptDecisions } from "../../store/queries/decisions.ts";
import { existingPromotion } from "../abort.ts";
import type { Engine } from "../engine.ts";

export function makePolicyControl(engine: Engine): PolicyControl {
  const { db } = engine;
  return {
    decisions: async (id) => keptDecisions(db, (await existingPromotion(db, id)).id),
  };
}
