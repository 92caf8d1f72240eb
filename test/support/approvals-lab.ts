import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { ApprovalView } from "../../src/api/routes/approvals.ts";
import { encodeEnvelope } from "../../src/evidence/dsse.ts";
import { vouchStatement } from "../../src/evidence/predicates/vouch.ts";
import { signStatement } from "../../src/evidence/statement.ts";
import { approvalStatement, type ToApprove } from "../../src/identity/approval/statement.ts";
import type { ApprovalAnswer } from "../../src/model/approval.ts";
import type { Actor, ControlPlane } from "../../src/ports/control-plane.ts";
import { operator, until } from "./engine-bench.ts";

/** People with keys of their own, who approve promotions. */

export interface Approver {
  readonly person: string;
  readonly key: KeyObject;
}

export async function enrolApprover(
  plane: ControlPlane,
  name: string,
  roles: readonly string[],
  { also = [], by = operator }: { also?: string[]; by?: Actor } = {},
): Promise<Approver> {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const key = publicKey.export({ type: "spki", format: "pem" }) as string;
  const { person } = await plane.people.add(by, { name, key, also });
  for (const role of roles) {
    const right = `approve:${role}`;
    await plane.people.grant(by, { name, right, service: null, environment: null });
  }
  return { person, key: privateKey };
}

/** Signs that somebody is who they are called, for all that is open, and hands it in. */
export async function vouchFor(plane: ControlPlane, name: string, who: Approver, by = operator) {
  const { toVouch } = await plane.people.sponsors(name);
  if (!toVouch) throw new Error("nothing is open");
  const signer = {
    name: "somebody",
    publicKey: new Uint8Array(),
    sign: async (message: Uint8Array) => sign(null, message, who.key),
  };
  const envelope = await signStatement(signer, vouchStatement(toVouch, who.person));
  return plane.people.vouch(by, name, encodeEnvelope(envelope));
}

export type Said = Partial<ApprovalAnswer>;

/** What somebody would sign; `change`: something else than what is asked. */
export async function signedApproval(
  to: ToApprove,
  { person, key }: Approver,
  said: Said = {},
): Promise<Uint8Array> {
  const answer: ApprovalAnswer = {
    purpose: "approve",
    person,
    role: to.asked.asks[0]?.roles[0] ?? "",
    reason: "",
    notBefore: null,
    expires: null,
    ...said,
  };
  const signer = {
    name: "somebody",
    publicKey: new Uint8Array(),
    sign: async (message: Uint8Array) => sign(null, message, key),
  };
  return encodeEnvelope(await signStatement(signer, approvalStatement(to, answer)));
}

/** Waits until people are asked. */
export async function askedApproval(
  plane: ControlPlane,
  promotion: string,
  isIt: (view: ApprovalView) => boolean = () => true,
): Promise<ApprovalView> {
  const views = await until(
    () => plane.approvals.list({ promotion, state: "open", limit: 10 }),
    (items) => items.some(isIt),
  );
  const view = views.find(isIt);
  if (!view) throw new Error("nobody was asked");
  return view;
}
