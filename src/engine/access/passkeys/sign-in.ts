import { sql } from "kysely";
import { decodeBase64 } from "../../../evidence/bytes.ts";
import { cloneSign } from "../../../identity/passkeys/count.ts";
import { isHandleOf } from "../../../identity/passkeys/handle.ts";
import { type Asserted, verifyAssertion } from "../../../identity/webauthn/assertion.ts";
import type { Assertion } from "../../../model/webauthn.ts";
import { TidelockError } from "../../../model/errors.ts";
import type { PasskeySite, SignedInByPasskey } from "../../../ports/passkey-control.ts";
import { passkeysProjection } from "../../../store/projections/passkeys.ts";
import { announce } from "../../../store/queries/events.ts";
import { databaseTime } from "../../../store/queries/attestations.ts";
import { linkOf } from "../../../store/queries/grants.ts";
import { lockUse, noteUse, passkeyByCredential } from "../../../store/queries/passkeys.ts";
import type { PasskeyRow } from "../../../store/schema-passkeys.ts";
import type { Db } from "../../../store/schema.ts";
import type { Engine } from "../../engine.ts";
import { groundsOf } from "../../ledger/leaning.ts";
import { answeredChallenge, requireFirstAnswer } from "./challenges.ts";
import { absence } from "../people/employment.ts";
import { type Device, openSession } from "../sign-in/sessions.ts";
import { requireByRecord } from "../people/two-people.ts";

interface Given {
  readonly browser: string;
  readonly assertion: Assertion;
  readonly userHandle: string | null;
}

/**
 * Signs somebody in whom only the passkey names (W3C WebAuthn Level 3, §7.2): our challenge to this browser, once; a
 * credential that was enrolled for signing in, and stands in the log; user verification; a count that rises.
 *
 * @throws TidelockError `unauthenticated`, `conflict` (answered before), `denied` (the database is not what the ledger says)
 */
export async function signInWithPasskey(
  engine: Engine,
  { rpId, origin }: PasskeySite,
  { browser, assertion, userHandle }: Given,
  device: Device,
): Promise<SignedInByPasskey> {
  const terms = { purpose: "sign-in", binding: browser } as const;
  const answered = await answeredChallenge(engine, assertion.clientDataJSON, terms);
  if (!answered.ok) throw nobody(answered.problem);
  const row = await passkeyByCredential(engine.db, assertion.credentialId);
  if (!row || row.removed_at !== null) throw nobody(await whyUnknown(engine.db, assertion));
  const handle = decodeBase64(userHandle ?? "");
  if (handle === null || !isHandleOf(handle, row.person)) {
    throw nobody("the passkey names somebody else than its owner");
  }
  if (row.credential.rpId !== rpId) throw nobody(`the passkey is for ${row.credential.rpId}`);
  // The server knows where its own page is from; the port of a machine of one's own may change.
  const credential = { ...row.credential, origins: [origin] };
  const asserted = verifyAssertion(assertion, credential, answered.value.challenge);
  if (!asserted.ok) throw nobody(asserted.problem);
  await requireByRecord(engine, async () => groundsOf(passkeysProjection, [row]));
  const name = await nameOf(engine.db, row.person);
  const opened = await engine.db.transaction().execute(async (tx) => {
    // First of all: the same answer twice is a replay, and no sign of a copied key.
    await requireFirstAnswer(tx, answered.value);
    const clone = await usedNow(tx, row, asserted.value);
    if (clone !== null) return clone;
    return openSession(engine, tx, { person: row.person, methods: ["passkey"] }, device);
  });
  if (typeof opened === "string") throw await copied(engine, row, name, opened);
  return { name, secret: opened.secret, expiresAt: opened.expiresAt };
}

/** Why it looks like a copy; null: it does not, and what it says of itself now is remembered. */
async function usedNow(tx: Db, row: PasskeyRow, asserted: Asserted): Promise<string | null> {
  const use = await lockUse(tx, row.id);
  const standing = await tx
    .selectFrom("passkeys")
    .select("id")
    .where("id", "=", row.id)
    .where("removed_at", "is", null)
    .executeTakeFirst();
  // Removed since it was read.
  if (!use || !standing) throw nobody("this passkey signs nobody in here");
  const { signCount, backupEligible, backedUp } = asserted;
  const before = {
    signCount: Number(use.sign_count),
    backupEligible: row.credential.backupEligible ?? backupEligible,
  };
  const clone = cloneSign(before, { signCount, backupEligible });
  if (clone !== null) return clone;
  await noteUse(tx, { passkey: row.id, sign_count: signCount, backed_up: backedUp });
  return null;
}

/** Its owner hears of it, and so does everybody who looks at events: only who has the key comes so far. */
async function copied(
  engine: Engine,
  { id }: PasskeyRow,
  name: string,
  why: string,
): Promise<TidelockError> {
  const message = `the passkey ${id} of ${name} was refused: ${why}`;
  await announce(engine.db, { kind: "passkey.copied", message });
  engine.notice(message);
  return nobody(why, "remove it, and enrol another one: somebody else may have a copy");
}

async function whyUnknown(db: Db, { credentialId }: Assertion): Promise<string> {
  const key = await db
    .selectFrom("person_keys")
    .select("key_id")
    .where(sql<string>`webauthn ->> 'credentialId'`, "=", credentialId)
    .executeTakeFirst();
  return key
    ? "this passkey was enrolled for approvals, and signs nobody in"
    : "this passkey signs nobody in here";
}

/** @throws TidelockError `unauthenticated` for somebody who was erased, or is another name of somebody */
async function nameOf(db: Db, person: string): Promise<string> {
  const own = await db
    .selectFrom("ledger_people")
    .select("person")
    .where("pseudonym", "=", person)
    .executeTakeFirst();
  if (!own?.person || (await linkOf(db, person))) throw nobody("its owner is not known any more");
  const now = new Date(await databaseTime(db));
  const { why } = await absence(db, person, { now, signedAt: null });
  if (why !== null) throw nobody(why, "ask an administrator");
  return own.person;
}

function nobody(
  problem: string,
  hint = "try again; without a passkey for here: sign in another way, and enrol one",
): TidelockError {
  return new TidelockError("unauthenticated", `nobody was signed in: ${problem}`, {
    fault: "operator",
    where: "passkey",
    hint,
  });
}
