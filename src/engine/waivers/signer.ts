import type { WaiverRow } from "../../store/schema-waivers.ts";
import type { Db } from "../../store/schema.ts";
import { againstCoSigner } from "../signing/co-signer.ts";

/** The right to accept a risk. */
export const acceptRight = "risks.accept";

/**
 * Why a signature under a waiver would be nobody's, or that of whoever else signs. Null: nothing says so.
 *
 * @param key null: whichever of theirs
 */
export async function signerAgainst(
  db: Db,
  { service, environment, signatures }: WaiverRow,
  signer: { readonly person: string; readonly key: string | null },
): Promise<string | null> {
  const signed = {
    lane: { service, environment },
    right: { name: acceptRight, says: "accept risks" },
    signatures: signatures.map(({ person, key, at }) => ({ person, key, at: new Date(at) })),
  };
  return againstCoSigner(db, signed, signer);
}
