import type { TargetDeclaration } from "../model/pipeline.ts";
import type { HostAgent } from "../ports/host-agent.ts";
import type { Target } from "../ports/target.ts";
import { processTarget } from "./process/index.ts";
import { scriptTarget } from "./script/index.ts";

/** The adapter that a declaration names; a target is an id, which is its folder's name, and its options. */
export function targetFor(agent: HostAgent, declaration: TargetDeclaration): Target {
  switch (declaration.type) {
    case "process":
      return processTarget(agent);
    case "script":
      return scriptTarget(agent, declaration);
  }
}

/** Every id that there is; a test compares them with the folders. */
export const targetIds = ["process", "script"] as const;
