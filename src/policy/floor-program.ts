import type { Environment } from "../model/pipeline.ts";

/**
 * Checks of a floor whose program lies in the release under test: then the candidate says itself that it is good.
 * Only the program's own path can be told; what a runner such as `npm test` starts is the owners' choice.
 *
 * @returns names of the checks, and the program of each
 */
export function programsOfTheCandidate({
  spec,
}: Environment): readonly { readonly check: string; readonly program: string }[] {
  return spec.floor.checks.flatMap(({ name, uses, with: given }) => {
    if (uses !== "command" || given["in"] === "empty") return [];
    const [program] = Array.isArray(given["command"]) ? (given["command"] as unknown[]) : [];
    const inside = typeof program === "string" && /[\\/]/.test(program) && !program.startsWith("/");
    return inside ? [{ check: name, program }] : [];
  });
}
