import { canonicalJson } from "../../model/canonical.ts";
import type { GlassInput } from "../../identity/break-glass/given.ts";
import { glassStanding } from "../../identity/break-glass/standing.ts";
import type { Decision } from "../../model/decision.ts";
import type { Plan } from "../../model/plan.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import type { Db } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { glassFacts } from "./gather.ts";

/** What was set aside is set aside at that moment, too: not withdrawn, not expired, and not another promotion's. */
export async function sameGlass(
  engine: Engine,
  tx: Db,
  { plan, promotion }: { readonly plan: Plan; readonly promotion: string },
  { brokenGlass, grades: { governance: mode } }: Decision,
  before: GlassInput | undefined,
): Promise<boolean> {
  if (brokenGlass === undefined || before === undefined) return true;
  const now = await databaseTime(tx);
  const { glass } = await glassFacts(engine, tx, { plan, promotion, now: new Date(now) });
  if (glass === undefined) return false;
  const same = canonicalJson(glass) === canonicalJson({ ...before, usedBy: glass.usedBy });
  return same && glassStanding(glass, { now, mode }).stands;
}
