import type { SignerView } from "../../model/signer-view.ts";
import type { Actor } from "../../ports/control-plane.ts";
import type { Engine } from "../engine.ts";
import { signerView } from "../signing/signer-view.ts";
import { findRequest } from "./answer.ts";
import { standingOf } from "./right.ts";
import { signerAgainst } from "./signer.ts";

/** Whether and how somebody can answer a check, before they try. */
export async function manualMine(
  { db }: Engine,
  actor: Actor,
  reference: string,
): Promise<SignerView> {
  const request = await findRequest(db, reference);
  return signerView(db, actor, {
    lane: { service: request.service, environment: request.environment },
    permission: "check.answer",
    signedBy: request.person === null ? [] : [request.person],
    async against(person, key) {
      const { against } = await standingOf(db, person, request);
      return against ?? signerAgainst(db, request, { person, key: key?.key_id ?? null });
    },
  });
}
