import { sql } from "kysely";
import type { Asserted } from "../../identity/webauthn/assertion.ts";
import type { Digest } from "../../model/primitives.ts";
import type { Db } from "../schema.ts";
import { tableLedger } from "./ledger.ts";

/** What passkeys have signed, whatever it was about: an entry each, and no table beside the log. */

/** Nobody else signs with this key before the transaction ends. */
export async function lockKey(tx: Db, key: string): Promise<void> {
  await tx
    .selectFrom("person_keys")
    .select("key_id")
    .where("key_id", "=", key as Digest)
    .forUpdate()
    .execute();
}

/** The highest count that it has signed with; 0: none, or it counts nothing. */
export async function highestSignCount(tx: Db, key: string): Promise<number> {
  const { rows } = await sql<{ highest: number }>`
    select greatest(
      (select max((payload ->> 'signCount')::bigint) from ledger_entries
        where kind = 'passkey.signed' and payload ->> 'key' = ${key}),
      -- Before every signature had an entry of its own, approvals were the only ones.
      (select max((asserted ->> 'signCount')::bigint) from approval_answers where key_id = ${key}),
      0)::float8 as highest
  `.execute(tx);
  return rows[0]?.highest ?? 0;
}

export interface PasskeySigned {
  /** Of what was signed. */
  readonly signed: Digest;
  readonly key: string;
  readonly person: string;
  /** Predicate type of the statement. */
  readonly states: string;
  readonly stream: string;
  readonly asserted: Asserted;
}

/** That it signed this, and what it said of itself. */
export async function recordPasskeySigned(
  tx: Db,
  { stream, asserted, ...of }: PasskeySigned,
): Promise<void> {
  const { algorithm, signCount, backupEligible, backedUp } = asserted;
  await tableLedger.append(tx, {
    operation: `passkey-signed/${of.signed}`,
    kind: "passkey.signed",
    stream,
    actor: "tidelock",
    payload: { ...of, algorithm, signCount, backupEligible, backedUp },
  });
}
