import { digestBytes } from "../../evidence/bytes.ts";
import type { Result } from "../../evidence/result.ts";
import { personKeysOf } from "../../identity/signing/person-keys.ts";
import { type Signed, verifySigned } from "../../identity/signing/signed.ts";
import type { ApprovalMethod } from "../../model/approval.ts";
import type { Digest } from "../../model/primitives.ts";
import { keepAttestation } from "../../store/queries/attestations.ts";
import { keysOf } from "../../store/queries/grants.ts";
import {
  highestSignCount,
  lockKey,
  recordPasskeySigned,
} from "../../store/queries/passkey-signatures.ts";
import type { Db } from "../../store/schema.ts";
import { absence } from "../access/people/employment.ts";
import { refused } from "../access/people/two-people.ts";

/** What a person hands in that is to be signed by them, and what of it counts. */
export interface ToTake<T> {
  readonly person: string;
  readonly bytes: Uint8Array;
  /** Predicate type of the statement. */
  readonly states: string;
  readonly says: (payload: Uint8Array) => Result<T>;
  /** `answer to 3f2a…`, `consent to W-3`: what a refusal calls it. */
  readonly what: string;
  /** Of the request. */
  readonly where: string;
  /** How to do it anew. */
  readonly again: string;
  /** Of the log: a lane, or `system`. */
  readonly stream: string;
}

export interface Taken<T> extends Signed<T> {
  /** Of the bytes. */
  readonly id: Digest;
  readonly keyId: Digest;
  readonly method: ApprovalMethod;
}

/**
 * The one way in for whatever a person signs, by a key file or a passkey, as far as the signature goes: it is of a key that
 * is theirs now, over exactly what was asked, and no copy of a passkey made it. Whether they may, the caller asks.
 *
 * @throws TidelockError `invalid-input` (not about exactly this), `forbidden` (not here any more, or a copied passkey)
 */
export async function takeSigned<T>(tx: Db, to: ToTake<T>): Promise<Taken<T>> {
  const { person, bytes, what, where, again, says } = to;
  const rows = await keysOf(tx, person);
  const here =
    rows.length > 0 ? null : await absence(tx, person, { now: new Date(), signedAt: null });
  if (here?.why) throw refused("forbidden", here.why, where);
  const verified = verifySigned(bytes, personKeysOf(rows), says);
  if (!verified.ok) {
    const noKey =
      "no key of this person counts here: tidelock person add <name> --key <public key>";
    const hint = rows.length === 0 ? noKey : again;
    throw refused("invalid-input", `this is no ${what}: ${verified.problem}`, where, hint);
  }
  const { key, asserted } = verified.value;
  const id = digestBytes(bytes);
  if (asserted !== null) {
    await lockKey(tx, key);
    await requireNewCount(tx, key, asserted.signCount, where);
    const { states, stream } = to;
    await recordPasskeySigned(tx, { signed: id, key, person, states, stream, asserted });
  }
  const method = asserted === null ? "key" : "webauthn";
  return { ...verified.value, id, keyId: key as Digest, method };
}

/** A count that does not go up is that of a copy (WebAuthn §6.1.1); most authenticators say 0, and count nothing. */
async function requireNewCount(tx: Db, key: string, count: number, where: string): Promise<void> {
  const highest = await highestSignCount(tx, key);
  if ((highest === 0 && count === 0) || count > highest) return;
  throw refused(
    "forbidden",
    `the passkey counts ${count}, and has signed with ${highest} before: somebody has a copy of it`,
    where,
    "take the key away: tidelock person remove-key",
  );
}

/** The signed bytes, as they are, with the evidence of the release that they are about. */
export async function keepSigned(
  tx: Db,
  release: Digest,
  { states, bytes }: Pick<ToTake<unknown>, "states" | "bytes">,
  { id, method }: Pick<Taken<unknown>, "id" | "method">,
): Promise<void> {
  await keepAttestation(tx, {
    release,
    digest: id,
    format: method === "key" ? "dsse" : "webauthn",
    predicate_type: states,
    origin: "given",
    size: bytes.length,
    content: Buffer.from(bytes),
    added_by: "tidelock",
  });
}
