import { TidelockError } from "../model/errors.ts";
import type { RouterDeclaration } from "../model/pipeline.ts";
import type { HostAgent } from "../ports/host-agent.ts";
import type { Router } from "../ports/router.ts";
import { embeddedRouter } from "./embedded/index.ts";

/** The adapter that a declaration names. An environment without a router has nothing to ask for here. */
export function routerFor(agent: HostAgent, declaration: RouterDeclaration): Router {
  if (declaration.type === "embedded") return embeddedRouter(agent);
  throw new TidelockError("unsupported", "nothing routes in this environment", { fault: "bug" });
}

/** Every id that there is; a test compares them with the folders. */
export const routerIds = ["embedded"] as const;
