import { notAnother } from "../../identity/break-glass/standing.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import type { WaiverRow } from "../../store/schema-waivers.ts";
import type { Db } from "../../store/schema.ts";
import { approverStanding, roleStanding } from "../approvals/standing.ts";
import { governanceMode } from "../policy/governance.ts";

/** The right to accept a risk. */
export const acceptRight = "risks.accept";

const right = { name: acceptRight, says: "accept risks" };

/**
 * Why a signature by this key would be nobody's, or that of whoever else signs, as with approvals: the key was reset
 * lately, or one of them has enrolled the other. Null: nothing says so.
 *
 * @param key null: whichever of theirs
 */
export async function signerAgainst(
  db: Db,
  waiver: WaiverRow,
  { person, key }: { readonly person: string; readonly key: string | null },
): Promise<string | null> {
  const lane = { service: waiver.service, environment: waiver.environment };
  const now = new Date(await databaseTime(db));
  const by = (who: string, signer: string, signedAt: Date) =>
    approverStanding(db, lane, { person: who, role: "-", key: signer, signedAt, right }, now);
  const standing =
    key === null
      ? await roleStanding(db, lane, { person, role: "-", right })
      : await by(person, key, now);
  if (standing.against !== null) return standing.against;
  const others = await Promise.all(
    waiver.signatures
      .filter((one) => one.person !== person)
      .map(async (one) => ({
        person: one.person,
        ...(await by(one.person, one.key, new Date(one.at))),
      })),
  );
  return notAnother({ person, ...standing }, others, await governanceMode(db));
}
