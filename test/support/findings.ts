import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { ProposalView } from "../../src/api/finding-views.ts";
import { encodeEnvelope } from "../../src/evidence/dsse.ts";
import { consentStatement } from "../../src/evidence/predicates/finding-consent.ts";
import { signStatement, type Statement } from "../../src/evidence/statement.ts";
import type { Proposed } from "../../src/model/finding-act.ts";
import type { ControlPlane } from "../../src/ports/control-plane.ts";
import { operator } from "./engine-bench.ts";

/** People and producers with keys of their own, for tests of findings. */

export interface Somebody {
  readonly person: string;
  readonly key: KeyObject;
}

/** Enrols somebody; `judges`: with the right to judge findings everywhere. */
export async function enrol(
  plane: ControlPlane,
  name: string,
  { judges = true, also = [] as string[] } = {},
): Promise<Somebody> {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const key = publicKey.export({ type: "spki", format: "pem" }) as string;
  const { person } = await plane.people.add(operator, { name, key, also });
  if (judges) {
    const right = "findings.judge";
    await plane.people.grant(operator, { name, right, service: null, environment: null });
  }
  return { person, key: privateKey };
}

export async function envelopeBy(key: KeyObject, statement: Statement): Promise<Uint8Array> {
  const signer = {
    name: "somebody",
    publicKey: new Uint8Array(),
    sign: async (message: Uint8Array) => sign(null, message, key),
  };
  return encodeEnvelope(await signStatement(signer, statement));
}

export function consentBy(
  who: Somebody,
  { proposed }: Pick<ProposalView, "proposed">,
  change: Partial<Proposed> = {},
): Promise<Uint8Array> {
  return envelopeBy(who.key, consentStatement({ ...proposed, ...change }, who.person));
}
