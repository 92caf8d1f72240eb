import { notAnother } from "../../identity/break-glass/standing.ts";
import type { Lane } from "../../model/primitives.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import { keyById } from "../../store/queries/grants.ts";
import type { Db } from "../../store/schema.ts";
import { absence } from "../access/people/employment.ts";
import { type Approver, approverStanding, roleStanding } from "../approvals/standing.ts";
import { governanceMode } from "../policy/governance.ts";

interface SignatureBefore {
  readonly person: string;
  readonly key: string;
  readonly at: Date;
}

/** What two people sign, and who has so far. */
export interface CoSigned {
  readonly lane: Lane;
  /** By which both of them sign. */
  readonly right: NonNullable<Approver["right"]>;
  readonly signatures: readonly SignatureBefore[];
}

/**
 * Why a signature by this key would be nobody's, or that of whoever else signs, as with approvals: the key was reset
 * lately, one of them has enrolled the other, or what the other one signed counts no more. Null: nothing says so.
 *
 * @param key null: whichever of theirs
 */
export async function againstCoSigner(
  db: Db,
  { lane, right, signatures }: CoSigned,
  { person, key }: { readonly person: string; readonly key: string | null },
): Promise<string | null> {
  const now = new Date(await databaseTime(db));
  const by = (who: string, signer: string, signedAt: Date) =>
    approverStanding(db, lane, { person: who, role: "-", key: signer, signedAt, right }, now);
  const standing =
    key === null
      ? await roleStanding(db, lane, { person, role: "-", right })
      : await by(person, key, now);
  if (standing.against !== null) return standing.against;
  const others = await Promise.all(
    signatures
      .filter((one) => one.person !== person)
      .map(async (one) => ({
        person: one.person,
        ...(await by(one.person, one.key, one.at)),
      })),
  );
  // A key that was taken away since may have been a thief's already.
  const gone = others.find(({ against }) => against !== null);
  if (gone) return `the first signature counts no more (${gone.against}): propose it anew`;
  return notAnother({ person, ...standing }, others, await governanceMode(db));
}

/** Why one of these signatures counts no more, as its key or whose it was is gone since; null: they stand. */
export async function goneSince(
  db: Db,
  signatures: readonly SignatureBefore[],
): Promise<string | null> {
  const now = new Date(await databaseTime(db));
  for (const { person, key, at } of signatures) {
    const row = await keyById(db, key);
    const stands = row !== undefined && row.removed_at === null && row.person === person;
    const { why } = await absence(db, person, { now, signedAt: at });
    const gone = stands ? why : "the key that signed is this person's no more";
    if (gone !== null) return `the first signature counts no more (${gone}): propose it anew`;
  }
  return null;
}
