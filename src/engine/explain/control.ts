import type { GateControl } from "../../ports/gate-control.ts";
import type { Engine } from "../engine.ts";
import { explainLane, explainPromotion } from "./explain.ts";
import { requirementReport } from "./requirement-report.ts";
import { showGate } from "./show.ts";

export function makeGateControl(engine: Engine): GateControl {
  return {
    explain: (promotion) => explainPromotion(engine, promotion),
    explainLane: (lane, release) => explainLane(engine, lane, release),
    requirements: (of) => requirementReport(engine, of),
    show: (environment, service) => showGate(engine, environment, service),
  };
}
