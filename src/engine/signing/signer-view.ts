import type { SignerView } from "../../model/signer-view.ts";
import { decideAccess } from "../../identity/decide-access.ts";
import type { Permission } from "../../model/permissions.ts";
import type { Lane } from "../../model/primitives.ts";
import type { Actor } from "../../ports/control-plane.ts";
import { keysOf, namesOf } from "../../store/queries/grants.ts";
import type { PersonKeyRow } from "../../store/schema-manual.ts";
import type { Db } from "../../store/schema.ts";

/** What is to be signed, as far as it matters who does. */
export interface Signable {
  /** Null: it is everybody's. */
  readonly lane: Lane | null;
  /** To hand in the signature. */
  readonly permission: Permission;
  /** Pseudonyms. */
  readonly signedBy: readonly string[];
  /** Why a signature would not count: by this key, or (null) by any. */
  readonly against: (person: string, key: PersonKeyRow | null) => Promise<string | null>;
}

/** As whom and with which passkey somebody can sign, and what stands against it: the same that a signature is held to. */
export async function signerView(
  db: Db,
  { principal }: Actor,
  { lane, permission, signedBy, against }: Signable,
): Promise<SignerView> {
  const person = principal?.person ?? null;
  if (principal === undefined || person === null) {
    return { person: null, may: false, answered: false, against: null, passkeys: [] };
  }
  const { names } = await namesOf(db, person);
  const keys = (await keysOf(db, person)).filter(({ webauthn }) => webauthn !== null);
  const place =
    lane === null
      ? ({ service: "all", environment: "all" } as const)
      : { service: { name: lane.service }, environment: { name: lane.environment } };
  return {
    person: { person, name: names[0] ?? null },
    may: decideAccess(principal, permission, place).allowed,
    answered: signedBy.includes(person),
    against: await against(person, null),
    passkeys: await Promise.all(
      keys.map(async (key) => ({
        key: key.key_id,
        credentialId: key.webauthn?.credentialId ?? "",
        rpId: key.webauthn?.rpId ?? "",
        origins: [...(key.webauthn?.origins ?? [])],
        backupEligible: key.webauthn?.backupEligible ?? null,
        against: await against(person, key),
      })),
    ),
  };
}
