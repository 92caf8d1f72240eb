import type { ApprovalView } from "../api/routes-approvals.ts";

/** Approvals: asked for by the engine when everything else allows, answered by people's signatures. */
export interface ApprovalControl {
  /** Newest first. */
  list(filter: {
    readonly service?: string | undefined;
    readonly environment?: string | undefined;
    readonly promotion?: string | undefined;
    readonly state: "open" | "any";
    readonly limit: number;
  }): Promise<readonly ApprovalView[]>;
  /** By its id or the beginning of it. */
  show(id: string): Promise<ApprovalView>;
  /** A person's signed approval or rejection; whose it is, the signature says. */
  answer(id: string, signed: Uint8Array): Promise<ApprovalView>;
}
