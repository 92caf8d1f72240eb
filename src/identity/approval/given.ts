import type { ApprovalAsked, ApprovalBasis, AskedApproval } from "../../model/approval.ts";
import type { ApprovalMethod } from "../../model/approval.ts";

/** What an evaluation of approvals reads: plain data without anybody's name, kept whole with the decision. */

/** How somebody came to a key, a right or another name. */
export interface Enrolment {
  /** `the key`, `the right approve:sre`, `another name`. */
  readonly what: string;
  /** Pseudonyms of whoever did it, and of whoever stands behind them: sponsors of the identity. */
  readonly by: readonly string[];
  /** Whether it is shown that it was them; a shared token shows nobody. */
  readonly proven: boolean;
  /** Third persons and providers of identities whose word counts for it. */
  readonly vouched: readonly string[];
  /** Who stands behind each of those. */
  readonly behind?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** Something that somebody did for what is to be approved. */
export interface Involved {
  readonly what: string;
  /** Of those who matter here: pseudonyms of approvers and sponsors whose name stands there. */
  readonly people: readonly string[];
  readonly proven: boolean;
}

export interface GivenAnswer {
  /** Digest of what was signed. */
  readonly id: string;
  readonly request: string;
  readonly purpose: "approve" | "reject";
  readonly person: string;
  /** Further pseudonyms of the same person. */
  readonly also: readonly string[];
  readonly role: string;
  readonly method: ApprovalMethod;
  /** Signed by an authenticator that says that its key cannot leave it. */
  readonly deviceBound?: true | undefined;
  /** RFC 3339, by the database's clock: when it arrived. */
  readonly at: string;
  readonly notBefore: string | null;
  readonly expires: string | null;
  /** Why it counts no more, whatever it says: key or right are gone; null: they stand. */
  readonly against: string | null;
  readonly enrolments: readonly Enrolment[];
}

/** What a signature would be about now. */
export type AskedNow = Omit<ApprovalAsked, "request" | "decision" | "asks">;

export interface ApprovalsInput {
  readonly asks: readonly AskedApproval[];
  /** The open request; null: nobody was asked yet. */
  readonly request: {
    readonly asked: ApprovalAsked;
    readonly basis: ApprovalBasis;
    /** RFC 3339. */
    readonly at: string;
  } | null;
  readonly now: AskedNow;
  /** Everything between what is live and the candidate, as far as it is known. */
  readonly lineage: readonly Involved[];
  /** Of the open request. */
  readonly answers: readonly GivenAnswer[];
}
