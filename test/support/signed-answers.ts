import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { ManualRequestView } from "../../src/api/routes/manual.ts";
import { encodeEnvelope } from "../../src/evidence/dsse.ts";
import { type AskedOf, answerStatement } from "../../src/evidence/predicates/manual-answer.ts";
import { signStatement } from "../../src/evidence/statement.ts";
import type { ManualAnswers } from "../../src/model/manual-check.ts";
import type { ControlPlane } from "../../src/ports/control-plane.ts";
import { operator, until } from "./engine-bench.ts";

/** People with keys of their own, and their signed answers to manual checks. */

export interface Somebody {
  readonly person: string;
  readonly key: KeyObject;
}

/** Enrols somebody, with the right to answer as `role` in `environment`. */
export async function enrol(
  plane: ControlPlane,
  name: string,
  role: string,
  environment = "dev",
): Promise<Somebody> {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const key = publicKey.export({ type: "spki", format: "pem" }) as string;
  const { person } = await plane.people.add(operator, { name, key, also: [] });
  const right = `checks.answer:${role}`;
  await plane.people.grant(operator, { name, right, service: null, environment });
  return { person, key: privateKey };
}

/** What a promotion asks people, once it does. */
export async function asked(plane: ControlPlane, promotion: string): Promise<ManualRequestView> {
  const views = await until(
    () => plane.checks.asked(promotion),
    (all) => all.some(({ state }) => state === "open"),
  );
  const open = views.find(({ state }) => state === "open");
  if (!open) throw new Error("nobody was asked");
  return open;
}

/** What an answer of somebody to a request is about. */
export function askedOf(view: ManualRequestView, person: string): AskedOf {
  const { id: request, ledger, role, check, service, environment, colour, promotion, plan } = view;
  return {
    request,
    ledger,
    role,
    check,
    service,
    environment,
    colour,
    promotion,
    plan,
    person,
    release: view.release.id,
    configuration: view.configuration,
    form: view.formDigest,
  };
}

/** The answer as the command line would sign it. */
export async function signedAnswer(
  view: ManualRequestView,
  who: Somebody,
  answers: ManualAnswers,
): Promise<Uint8Array> {
  const of = askedOf(view, who.person);
  const signer = {
    name: "somebody",
    publicKey: new Uint8Array(),
    sign: async (message: Uint8Array) => sign(null, message, who.key),
  };
  return encodeEnvelope(await signStatement(signer, answerStatement(of, view.form, answers)));
}
