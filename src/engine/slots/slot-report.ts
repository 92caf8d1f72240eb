import type { Instance, SlotObservation } from "../../ports/host-agent.ts";
import { redactor } from "../../model/redact.ts";
import { secretValues } from "./bindings.ts";
import { configurationOf } from "./slot-spec.ts";
import type { StepContext } from "../steps/step.ts";

/** More lines than this are for `tidelock logs`. */
const tailLines = 8;

/**
 * Why a colour is not ready, for a person and the record: what the agent says, and of the worst instance its
 * last exit and the end of its log. What a service writes may hold its secrets (law 11): they are blanked,
 * and a log whose secrets cannot be read is not shown.
 */
export async function explainSlot(context: StepContext, seen: SlotObservation): Promise<string> {
  const state = describeSlot(seen);
  const tail = worstOf(seen)?.logTail.slice(-tailLines) ?? [];
  if (tail.length === 0) return state;
  const text = await cleaned(context, tail.join("\n")).catch(() => null);
  if (text === null) return `${state}; its log is not shown, as its secrets cannot be told from it`;
  const lines = text.split("\n").map((line) => `  ${line}`);
  return `${state}; its log ends:\n${lines.join("\n")}`;
}

async function cleaned({ engine, plan, lane }: StepContext, text: string): Promise<string> {
  const digests = new Set([plan.configuration, lane.live_configuration ?? plan.configuration]);
  const secrets: string[] = [];
  for (const digest of digests) {
    const configuration = await configurationOf(engine, plan, digest);
    secrets.push(...(await secretValues(engine, plan.lane, configuration)));
  }
  return redactor(secrets).clean(text);
}

/** The same without any log. */
export function describeSlot(seen: SlotObservation): string {
  const worst = worstOf(seen);
  const parts = [seen.message || seen.state];
  if (worst) {
    const restarts = worst.restarts > 0 ? `, started ${worst.restarts + 1} times` : "";
    const exit = worst.lastExit ? `, last exit: ${worst.lastExit}` : "";
    parts.push(`${worst.process}/${worst.index} is ${worst.state}${restarts}${exit}`);
  }
  return parts.join("; ");
}

function worstOf(seen: SlotObservation): Instance | undefined {
  const worst = [...seen.instances].sort((a, b) => badness(b) - badness(a))[0];
  return worst?.state === "ready" ? undefined : worst;
}

const order: readonly Instance["state"][] = [
  "ready",
  "stopping",
  "starting",
  "unready",
  "backoff",
  "exited",
];

function badness(instance: Instance): number {
  return order.indexOf(instance.state) * 1_000 + Math.min(instance.restarts, 999);
}
