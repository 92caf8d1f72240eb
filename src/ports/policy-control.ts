import type { Page } from "../model/principal.ts";
import type {
  GovernanceView,
  KeptDecision,
  PolicyProposalView,
  PolicyReplayView,
  PolicyView,
} from "../api/routes/policy.ts";
import type { GovernanceMode } from "../model/policy-proposal.ts";
import type { Actor } from "./control-plane.ts";

/** What decides, what was decided, and who may change it. */
export interface PolicyControl {
  /** Every decision of a promotion with its inputs, in the order of its plan. */
  decisions(promotion: string): Promise<readonly KeptDecision[]>;
  show(environment: string | null): Promise<readonly PolicyView[]>;
  replay(
    file: string,
    text: string,
    filter: {
      readonly sinceMs: number;
      readonly service?: string | undefined;
      readonly environment?: string | undefined;
    },
  ): Promise<PolicyReplayView>;
  proposals(
    filter: {
      readonly state: "waiting" | "any";
    } & Page,
  ): Promise<readonly PolicyProposalView[]>;
  proposal(id: string): Promise<PolicyProposalView>;
  /** Takes a person's signed consent; with the second person's the change takes effect. */
  sign(actor: Actor, proposal: string, envelope: Uint8Array): Promise<PolicyProposalView>;
  governance(): Promise<GovernanceView>;
  setGovernance(
    actor: Actor,
    mode: GovernanceMode,
  ): Promise<{ readonly governance: GovernanceView; readonly proposal: PolicyProposalView | null }>;
}
