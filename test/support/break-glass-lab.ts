import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { encodeEnvelope } from "../../src/evidence/dsse.ts";
import { signStatement } from "../../src/evidence/statement.ts";
import { glassStatement, type ToBreak } from "../../src/identity/break-glass/statement.ts";
import {
  breakRight,
  type GlassAnswer,
  type GlassReview,
  reviewRight,
} from "../../src/model/break-glass.ts";
import type { Actor, ControlPlane } from "../../src/ports/control-plane.ts";

/** People with keys of their own, who break the glass and review it. */

export interface GlassPerson {
  readonly person: string;
  readonly key: KeyObject;
}

/** Somebody whose identity nobody's work stands behind. */
export const office = { id: "office@shop.example" };

export async function enrolForGlass(
  plane: ControlPlane,
  name: string,
  {
    rights = [breakRight, reviewRight],
    also = [],
    by = office,
  }: { rights?: readonly string[]; also?: string[]; by?: Actor } = {},
): Promise<GlassPerson> {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const key = publicKey.export({ type: "spki", format: "pem" }) as string;
  const { person } = await plane.people.add(by, { name, key, also });
  for (const right of rights) {
    await plane.people.grant(by, { name, right, service: null, environment: null });
  }
  return { person, key: privateKey };
}

export async function glassSigned(
  to: ToBreak,
  { key }: GlassPerson,
  answer: GlassAnswer,
): Promise<Uint8Array> {
  const signer = {
    name: "somebody",
    publicKey: new Uint8Array(),
    sign: async (message: Uint8Array) => sign(null, message, key),
  };
  return encodeEnvelope(await signStatement(signer, glassStatement(to, answer)));
}

export const breaks = (to: ToBreak, who: GlassPerson, person = who.person) =>
  glassSigned(to, who, { purpose: "break-glass", person });

export const reviews = (
  to: ToBreak,
  who: GlassPerson,
  promotion: string,
  said: Partial<GlassReview> = {},
) =>
  glassSigned(to, who, {
    purpose: "review",
    person: who.person,
    outcome: "justified",
    words: "the check was down",
    findings: [],
    promotion,
    ...said,
  });
