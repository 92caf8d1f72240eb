import { TidelockError } from "../model/errors.ts";
import type { CheckContext } from "../ports/check.ts";

/** Where a check sends its requests, and what each of them carries. */
export interface TargetAddress {
  readonly origin: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * `instances`: each instance of the tested colour, straight. `route`: the public address, with the
 * credential that makes the router answer from the tested colour. Throws `unsupported` when there is no
 * route to go through.
 */
export function targetsOf(
  context: CheckContext,
  through: "instances" | "route",
): readonly TargetAddress[] {
  if (through === "instances") {
    return context.instances.map((origin) => ({ origin, headers: markOf(context) }));
  }
  if (context.route === null || context.tester === null) {
    throw new TidelockError("unsupported", "there is no route to test through", {
      fault: "operator",
      where: "with.through",
      hint: "use `through: instances`, or give the environment a router",
    });
  }
  const { header, value } = context.tester;
  return [{ origin: context.route, headers: { ...markOf(context), [header]: value } }];
}

/** Shows which colour a request came to, even when the service hands it on. */
function markOf({ scan }: CheckContext): Readonly<Record<string, string>> {
  return scan === null ? {} : { [scan.header]: scan.value };
}
