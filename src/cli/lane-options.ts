import type { CommandContext } from "./context.ts";
import { name, required, serviceOption } from "./options.ts";
import type { ConnectionFlags } from "./settings.ts";

/** For commands about one service in one environment. */
export const laneOptions = {
  ...serviceOption,
  environment: required(name("--environment <name>", "which environment")),
} as const;

export async function laneOf(
  context: CommandContext,
  options: ConnectionFlags & {
    readonly service: string | undefined;
    readonly environment: string;
  },
): Promise<{ service: string; environment: string }> {
  const { value: service } = await context.service(options.service, options);
  return { service, environment: options.environment };
}
