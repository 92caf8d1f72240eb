import { withGlass } from "../../policy/break-glass.ts";
import { controlGround } from "../../policy/gate.ts";
import { waivedRule } from "../../policy/waived.ts";
import type { CheckRunRow, PromotionRow } from "../../store/schema.ts";
import { glassFacts } from "../break-glass/gather.ts";
import { evidenceOf, subjectOf } from "./evidence.ts";
import { governanceMode } from "../policy/governance.ts";
import type { StepContext } from "../steps/step.ts";
import { waiversInput } from "../waivers/held.ts";

/** What of the evidence people let pass: by a waiver, or in an emergency. */

/**
 * Names of checks whose verdict people accepted as it is now, and what says so. A promotion goes on past them; the gate
 * looks at everything once more.
 */
export async function acceptedChecks(
  {
    engine,
    plan,
    promotion,
    now,
  }: Pick<StepContext, "engine" | "plan" | "now"> & {
    readonly promotion: Pick<PromotionRow, "id">;
  },
  runs: readonly CheckRunRow[],
): Promise<ReadonlyMap<string, string>> {
  const waivers = await waiversInput(engine.db, plan.lane);
  const site = { plan, promotion: promotion.id, now };
  const { glass } = await glassFacts(engine, engine.db, site);
  if (waivers === undefined && glass === undefined) return new Map();
  const evidence = evidenceOf(engine, plan, runs, waivers, glass !== undefined);
  const at = now.toISOString();
  const input = { subject: subjectOf(plan), evidence, now: at, waivers };
  const mode = await governanceMode(engine.db);
  return new Map(
    plan.checks
      .filter(({ phase }) => phase !== "live")
      .map((demand) => {
        const said = withGlass([controlGround(demand, input)], glass, {
          now: at,
          mode,
          // The gate holds it against what is open of the release.
          admission: true,
        }).grounds[0];
        return [demand.name, said] as const;
      })
      .flatMap(([name, said]) =>
        said?.rule === waivedRule || said?.outcome === "break-glass" ? [[name, said.message]] : [],
      ),
  );
}
