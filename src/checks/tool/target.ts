import { TidelockError } from "../../model/errors.ts";
import type { CheckContext } from "../../ports/check.ts";

/**
 * The instance that an external program is pointed at, straight: with the route's credential in its
 * arguments every process of the machine could read it. All instances run the same release.
 *
 * @throws TidelockError `unavailable` when the colour has no instance that answers
 */
export function firstInstance({ instances }: CheckContext): URL {
  const [origin] = instances;
  if (origin !== undefined) return new URL(origin);
  throw new TidelockError("unavailable", "the tested colour has no instance to scan", {
    fault: "environment",
    where: "instances",
    hint: "look with `tidelock status` whether it runs",
  });
}
