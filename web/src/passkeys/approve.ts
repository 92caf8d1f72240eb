// First: schemas ask at once.
import "./no-eval.ts";
import type { ApprovalView } from "../../../src/api/routes/approvals.ts";
import {
  type Recomputed,
  recomputed,
  requireSame,
} from "../../../src/identity/approval/recomputed.ts";
import { approvalStatement } from "../../../src/identity/approval/statement.ts";
import { approvalText } from "../../../src/identity/approval/text.ts";
import type { ApprovalAnswer } from "../../../src/model/approval.ts";
import { type Prepared, prepareStatement } from "./sign.ts";

/** Throws where an answer cannot be put in words: a control character, or a rejection without a reason. */
export function prepare(view: ApprovalView, answer: ApprovalAnswer): Prepared {
  return prepareStatement(approvalText(view, answer), approvalStatement(view, answer));
}

/** The digests that this page computes itself; `problem`: nobody should sign this. */
export function compared(view: ApprovalView): {
  readonly digests: readonly Recomputed[];
  readonly problem: string | null;
} {
  const digests = recomputed(view);
  try {
    requireSame(view);
    return { digests, problem: null };
  } catch (error) {
    return { digests, problem: error instanceof Error ? error.message : String(error) };
  }
}
