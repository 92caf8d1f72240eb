import { type Colour, slotKey } from "../../model/primitives.ts";
import { readRelease } from "../../store/queries/catalogue.ts";
import { slotSpec, verifiedArtifacts } from "../slots/slot-spec.ts";
import { describeSlot } from "../slots/slot-report.ts";
import { done, failed, type StepContext, type StepResult } from "../steps/step.ts";

/** Start what was live again, where the plan had stopped it. */
export async function restore(context: StepContext, colour: Colour): Promise<StepResult> {
  const { engine, plan, target, effects, promotion } = context;
  const { live } = plan;
  const stored = live && (await readRelease(engine.db, live.release));
  if (!live || !stored) return failed("what was live before is not known");
  const slot = { ...plan.lane, colour };
  const seen = await target.observe(slot);
  const runs = seen.deployed?.release === live.release;
  if (runs && seen.state === "ready") return done(`${stored.version} runs on ${colour} again`);
  if (!runs) {
    const paths = await verifiedArtifacts(engine, stored.content);
    const spec = await slotSpec(engine, plan, {
      colour,
      id: live.release,
      release: stored.content,
      configuration: live.configuration,
      bindings: "live",
      generation: `${promotion.id}/restored`,
    });
    const detail = { slot: slotKey(slot), release: live.release };
    await effects.perform(
      { name: "restore", operation: context.operation("restore"), detail },
      (effect) => target.deploy(effect, spec, paths),
    );
  }
  return {
    kind: "wait",
    reason: `${stored.version} starts on ${colour} again: ${describeSlot(seen)}`,
    who: "the service",
    until: null,
    againMs: engine.settings.pollMs,
  };
}
