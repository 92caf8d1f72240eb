import type { GateExplanation, GateView, RequirementReport } from "../api/views/gate.ts";
import type { Lane } from "../model/primitives.ts";

/** Explains gates; changes nothing. */
export interface GateControl {
  /** What its gate said, or would say now. Throws `not-found`. */
  explain(promotion: string): Promise<GateExplanation>;
  /** The newest promotion of a lane; with a release: what its gate would say if it were promoted now. */
  explainLane(lane: Lane, release: string | undefined): Promise<GateExplanation>;
  /** What an environment asks of everybody, or of one service. */
  show(environment: string, service: string | undefined): Promise<GateView>;
  /** What is shown of each requirement and threat, of a promotion or of a release. Throws `not-found`. */
  requirements(
    of: { readonly promotion: string } | { readonly service: string; readonly release: string },
  ): Promise<RequirementReport>;
}
