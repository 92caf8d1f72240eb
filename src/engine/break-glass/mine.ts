import type { BreakGlassId } from "../../model/break-glass.ts";
import { TidelockError } from "../../model/errors.ts";
import type { SignerView } from "../../model/signer-view.ts";
import type { Actor } from "../../ports/control-plane.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import type { BreakGlassRow } from "../../store/schema-break-glass.ts";
import { roleStanding } from "../approvals/standing.ts";
import type { Engine } from "../engine.ts";
import { signerView } from "../signing/signer-view.ts";
import { glassRight, glassStandingOf } from "./gather.ts";
import { existingGlass, isAlone, whyNotSign } from "./sign.ts";

/** Whether and how somebody can sign a broken glass, or review it once something went through it, before they try. */
export async function glassMine(
  engine: Engine,
  actor: Actor,
  id: BreakGlassId,
): Promise<SignerView> {
  const { db } = engine;
  const glass = await existingGlass(db, id);
  const purpose = glass.used_by === null ? "break-glass" : "review";
  const { asked, signatures, review } = glass;
  const { service, environment } = asked;
  const at = await databaseTime(db);
  const now = new Date(at);
  return signerView(db, actor, {
    lane: { service, environment },
    permission: purpose === "review" ? "break-glass.review" : "break-glass.sign",
    signedBy: (purpose === "review" ? (review ? [review] : []) : signatures).map(
      ({ person }) => person,
    ),
    async against(person, key) {
      const right = glassRight(purpose);
      const standing =
        key === null
          ? await roleStanding(db, { service, environment }, { person, role: "-", right })
          : await glassStandingOf(db, asked, { person, key: key.key_id, at }, purpose, now);
      const site = { engine, tx: db, glass, person };
      return purpose === "review"
        ? (standing.against ?? (await whyNotReview(site, { person, ...standing }, at)))
        : whyNotSign(site, standing, now);
    },
  });
}

async function whyNotReview(
  site: Parameters<typeof isAlone>[0] & { readonly glass: BreakGlassRow },
  reviewer: Parameters<typeof isAlone>[1],
  at: string,
): Promise<string | null> {
  const { used_at: usedAt } = site.glass;
  if (usedAt === null) return null;
  return isAlone(site, reviewer, { at, usedAt }).then(
    () => null,
    (error: unknown) => {
      if (error instanceof TidelockError && error.code === "forbidden") return error.message;
      throw error;
    },
  );
}
