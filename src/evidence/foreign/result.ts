import type { Digest } from "../../model/primitives.ts";
import type { Statement } from "../statement.ts";

/** What foreign evidence says once its signature holds. */
export type Signed =
  /** A statement about subjects. */
  | { readonly kind: "statement"; readonly statement: Statement }
  /** A plain signature over bytes of this digest. */
  | { readonly kind: "signature"; readonly digest: Digest };

export type ForeignResult =
  | {
      readonly kind: "verified";
      readonly signed: Signed;
      /** For people: which keys or which identity, and when if a trusted clock said so. */
      readonly signer: string;
    }
  /** It is not trusted, is damaged, or is none at all; one sentence. */
  | { readonly kind: "refused"; readonly problem: string }
  /** In another format: another verifier's business. */
  | { readonly kind: "not-mine" };

export function refused(problem: string): ForeignResult {
  return { kind: "refused", problem };
}

export const notMine: ForeignResult = { kind: "not-mine" };
