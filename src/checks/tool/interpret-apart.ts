import type { z } from "zod";
import type { CheckReport } from "../../model/verdict.ts";
import type { CheckProcess } from "../../ports/host-agent.ts";
import { apart, longText } from "../apart.ts";
import type { Plan, ToolDefinition } from "./definition.ts";
import { interpret } from "./interpret.ts";

export interface LongQuestion {
  /** The definition cannot be handed to a thread; it finds it in the registry by this. */
  readonly id: string;
  readonly plan: Plan;
  readonly ended: CheckProcess;
}

/** As `interpret`; a long report is parsed and read in a thread of its own. */
export async function interpretApart<Schema extends z.ZodType>(
  definition: ToolDefinition<Schema>,
  plan: Plan,
  ended: CheckProcess,
): Promise<CheckReport> {
  if (ended.stdout.length < longText) return interpret(definition, plan, ended);
  const question: LongQuestion = { id: definition.id, plan, ended };
  const answer = await apart<CheckReport | null>(
    new URL("../interpret-thread", import.meta.url),
    question,
  );
  // In no registry: a definition that only a test knows.
  return answer ?? interpret(definition, plan, ended);
}
