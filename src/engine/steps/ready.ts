import type { Process } from "../../model/pipeline.ts";
import { describeSlot } from "../slot-report.ts";
import { generationOf } from "./deploy.ts";
import { done, failed, type StepDefinition } from "./step.ts";

/** Time for a process that needs none to speak of: spawning, logging, one probe. */
const marginMs = 5_000;

/** Every replica of every process answers its readiness probe, within the time it was given. */
export const ready: StepDefinition<"ready"> = {
  kind: "ready",
  async run(context, step) {
    const slot = { ...context.plan.lane, colour: step.colour };
    const seen = await context.target.observe(slot);
    if (seen.deployed?.generation !== generationOf(context, step.bindings)) {
      return failed(`${step.colour} holds something else than was started: ${describeSlot(seen)}`);
    }
    if (seen.state === "ready") {
      const count = seen.instances.length;
      return done(count === 1 ? "1 instance is ready" : `${count} instances are ready`);
    }
    if (seen.state === "failed") {
      return failed(`${step.colour} does not become ready: ${describeSlot(seen)}`);
    }
    const limitMs = Math.max(...Object.values(context.plan.processes).map(readyLimitMs));
    const startedAt = context.step.started_at ?? context.now;
    const until = new Date(startedAt.getTime() + limitMs + marginMs);
    if (context.now >= until) {
      return failed(
        `${step.colour} was not ready within ${Math.round(limitMs / 1_000)} s: ${describeSlot(seen)}`,
      );
    }
    return {
      kind: "wait",
      reason: `${step.colour} is starting`,
      who: "the service",
      until,
      againMs: context.engine.settings.pollMs,
    };
  },
};

function readyLimitMs({ ready: probe }: Process): number {
  return probe.kind === "alive" ? probe.for : probe.timeout;
}
