import { toHex } from "../ledger/bytes.ts";
import type { SharedNameLine, Subject } from "../audit/format.ts";
import { PolicyAct, WaiverRecorded } from "../audit/payloads-people.ts";
import { enrolling } from "../audit/people/signed-changes.ts";
import { decodeBase64 } from "../evidence/bytes.ts";
import { enrolmentKinds } from "../identity/enrolment/acts.ts";
import { isShared } from "../identity/lineage.ts";
import { canonicalJson } from "../model/canonical.ts";
import type { StoredLeaf } from "../store/queries/ledger-read.ts";
import type { Db } from "../store/schema.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What entries about people name by digest: words that people signed for others, what two signed, a review. */
export async function peopleBlobs(
  db: Db,
  subject: Subject,
  leaves: readonly StoredLeaf[],
): Promise<readonly Uint8Array[]> {
  const vouches = await db
    .selectFrom("person_vouches")
    .select("envelope")
    .where("voucher", "is not", null)
    .execute();
  return [
    ...(await waiverBlobs(db, leaves)),
    ...vouches.flatMap(({ envelope }) => decodeBase64(envelope ?? "") ?? []),
    ...(await signedChanges(db, leaves)),
    ...(subject.kind === "access-review" ? await reviewBlobs(db, subject.review) : []),
  ];
}

/** What was accepted and what two people signed under it: entries name both by digest. */
async function waiverBlobs(db: Db, leaves: readonly StoredLeaf[]): Promise<readonly Uint8Array[]> {
  const waivers = leaves.flatMap(({ entry, opening }) =>
    entry.kind === "waiver.proposed"
      ? (WaiverRecorded.safeParse(opening?.payload).data?.waiver ?? [])
      : [],
  );
  if (waivers.length === 0) return [];
  const rows = await db
    .selectFrom("waivers")
    .select(["content", "signatures"])
    .where("id", "in", waivers)
    .execute();
  return rows.flatMap(({ content, signatures }) =>
    [content, ...signatures.map(({ envelope }) => envelope)].map((one) => utf8(canonicalJson(one))),
  );
}

/** Proposals of keys, rights and roles, with all that was signed under them; no name stands in these. */
async function signedChanges(
  db: Db,
  leaves: readonly StoredLeaf[],
): Promise<readonly Uint8Array[]> {
  const proposals = leaves.flatMap(({ entry, opening }) => {
    const act =
      entry.kind === "policy.proposed" ? PolicyAct.safeParse(opening?.payload).data : undefined;
    return act && enrolling.has(act.change ?? "") ? [act.proposal] : [];
  });
  if (proposals.length === 0) return [];
  const rows = await db
    .selectFrom("policy_acts")
    .select("content")
    .where("proposal", "in", proposals)
    .execute();
  return rows.map(({ content }) => utf8(canonicalJson(content)));
}

async function reviewBlobs(db: Db, review: string): Promise<readonly Uint8Array[]> {
  const { report } = await db
    .selectFrom("access_reviews")
    .select("report")
    .where("id", "=", review)
    .executeTakeFirstOrThrow();
  const words = await db
    .selectFrom("access_review_words")
    .select("envelope")
    .where("review", "=", review)
    .execute();
  return [utf8(report), ...words.flatMap(({ envelope }) => decodeBase64(envelope) ?? [])];
}

/** Names of whoever brought people here, where they are no person's: so that an auditor sees that they prove nobody. */
export async function sharedNamesOf(db: Db): Promise<readonly SharedNameLine[]> {
  const rows = await db
    .selectFrom("ledger_people")
    .select(["pseudonym", "person", "nonce"])
    .where("pseudonym", "in", (select) =>
      select
        .selectFrom("ledger_entries")
        .select("actor")
        .where("stream", "=", "system")
        .where("kind", "in", [...enrolmentKinds.keys()]),
    )
    .where("changes", ">", 0)
    .orderBy("pseudonym")
    .execute();
  return rows.flatMap(({ pseudonym, person, nonce }) =>
    person !== null && nonce !== null && isShared(person)
      ? [{ pseudonym, name: person, key: toHex(nonce) }]
      : [],
  );
}
