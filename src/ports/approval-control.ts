import type { Page } from "../model/principal.ts";
import type { Actor } from "./control-plane.ts";
import type { ApprovalMine, ApprovalView } from "../api/routes/approvals.ts";

/** Approvals: asked for by the engine when everything else allows, answered by people's signatures. */
export interface ApprovalControl {
  /** Newest first. */
  list(
    filter: {
      readonly service?: string | undefined;
      readonly environment?: string | undefined;
      readonly promotion?: string | undefined;
      readonly state: "open" | "any";
      /** Pseudonym: only what this person may answer, and has not. */
      readonly waitsFor?: string | undefined;
    } & Page,
  ): Promise<readonly ApprovalView[]>;
  /** By its id or the beginning of it. */
  show(id: string): Promise<ApprovalView>;
  /** What somebody would answer it with, and what stands against that, before they try. */
  mine(actor: Actor, id: string): Promise<ApprovalMine>;
  /** A person's signed approval or rejection; whose it is, the signature says. */
  answer(id: string, signed: Uint8Array): Promise<ApprovalView>;
}
