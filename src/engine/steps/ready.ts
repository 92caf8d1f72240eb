import type { Process } from "../../model/pipeline.ts";
import type { SlotObservation } from "../../ports/host-agent.ts";
import { explainSlot } from "../slots/slot-report.ts";
import { generationOf } from "./deploy.ts";
import { done, failed, type StepContext, type StepDefinition } from "./step.ts";

/** Time for a process that needs none to speak of: spawning, logging, one probe. */
const marginMs = 5_000;

/** Every replica of every process answers its readiness probe, within the time it was given. */
export const ready: StepDefinition<"ready"> = {
  kind: "ready",
  async run(context, step) {
    const slot = { ...context.plan.lane, colour: step.colour };
    const seen = await context.target.observe(slot);
    if (seen.deployed?.generation !== generationOf(context, step.bindings)) {
      return failed(
        `${step.colour} holds something else than was started: ${await explainSlot(context, seen)}`,
      );
    }
    if (seen.state === "ready") {
      const count = seen.instances.length;
      return done(count === 1 ? "1 instance is ready" : `${count} instances are ready`);
    }
    if (seen.state === "failed") {
      return failed(`${step.colour} does not become ready: ${await explainSlot(context, seen)}`);
    }
    const limitMs = limitOf(context);
    if (seen.draining) {
      return {
        kind: "wait",
        reason: `requests of before still end on ${step.colour}`,
        who: "nobody: the drain has a ceiling",
        until: null,
        againMs: context.engine.settings.pollMs,
      };
    }
    const startedAt = firstStart(seen, context.step.started_at ?? context.now);
    const until = new Date(startedAt.getTime() + limitMs + marginMs);
    if (context.now >= until) {
      return failed(
        `${step.colour} was not ready within ${Math.round(limitMs / 1_000)} s: ${await explainSlot(context, seen)}`,
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

/** What had to drain first does not count: time runs from the first start of the last instance. */
function firstStart({ instances }: SlotObservation, entered: Date): Date {
  const starts = instances.flatMap(({ startedAt, restarts }) =>
    startedAt === null || restarts > 0 ? [] : [Date.parse(startedAt)],
  );
  return new Date(Math.max(entered.getTime(), ...starts));
}

/** What the slowest process may take; where scripts install a release, what these may take. */
function limitOf({ plan, environment }: StepContext): number {
  const { target } = environment.spec;
  if (target.type === "script") return target.timeout;
  return Math.max(0, ...Object.values(plan.processes).map(readyLimitMs));
}

function readyLimitMs({ ready: probe }: Process): number {
  return probe.kind === "alive" ? probe.for : probe.timeout;
}
