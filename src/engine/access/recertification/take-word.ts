import {
  type AccessReview,
  accessReviewOf,
  accessReviewPredicate,
} from "../../../evidence/predicates/access-review.ts";
import type { ReviewLine } from "../../../model/access-review.ts";
import type { Db } from "../../../store/schema.ts";
import { type Taken, takeSigned } from "../../signing/take-signed.ts";

/** A reviewer's word on lines of exactly this report, by their key file or passkey. */
export async function takeWord(
  tx: Db,
  {
    lines,
    id,
    ...signed
  }: {
    readonly person: string;
    readonly bytes: Uint8Array;
    readonly lines: readonly ReviewLine[];
    readonly id: string;
  },
): Promise<Taken<AccessReview>> {
  return takeSigned(tx, {
    ...signed,
    states: accessReviewPredicate.type,
    says: (payload) => accessReviewOf(payload, lines),
    what: "word on this review",
    where: id,
    again: "sign it anew: tidelock access review",
    stream: "system",
  });
}
