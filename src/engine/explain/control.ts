import type { GateExplanation } from "../../api/views/gate.ts";
import type { GateControl } from "../../ports/gate-control.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import { readLane } from "../../store/queries/lanes.ts";
import type { Engine } from "../engine.ts";
import { evidenceViews } from "../views/evidence-view.ts";
import { explainLane, explainPromotion } from "./explain.ts";
import { requirementReport } from "./requirement-report.ts";
import { showGate } from "./show.ts";

export function makeGateControl(engine: Engine): GateControl {
  return {
    requirements: (of) => requirementReport(engine, of),
    explain: async (promotion) => withEvidence(engine, await explainPromotion(engine, promotion)),
    explainLane: async (lane, release) =>
      withEvidence(engine, await explainLane(engine, lane, release)),
    show: (environment, service) => showGate(engine, environment, service),
  };
}

/** What was decided is one thing; how the evidence stands today of what is live by it, another. */
async function withEvidence(engine: Engine, view: GateExplanation): Promise<GateExplanation> {
  const { service, environment, release } = view;
  const lane = await readLane(engine.db, { service, environment });
  if (lane?.live_release !== release.id) return view;
  const now = new Date(await databaseTime(engine.db));
  const evidenceOf = await evidenceViews(engine, now, service);
  return { ...view, evidence: evidenceOf({ service, environment }) };
}
