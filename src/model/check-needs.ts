import type { CheckDemand } from "./pipeline.ts";

/** What is wrong with one entry of `needs`. */
export interface NeedProblem {
  /** The check, by its place in the list. */
  readonly index: number;
  /** Place in its `needs`. */
  readonly position: number;
  readonly message: string;
  readonly hint: string;
}

const phases: readonly CheckDemand["phase"][] = ["static", "deployed", "live"];

/**
 * Whether `needs` leads anywhere: to a check that there is, that runs before or beside this one, that the
 * promotion waits for, and not back to itself.
 *
 * @param elsewhere names that are demanded too but stand in another document
 */
export function needProblems(
  checks: readonly Pick<CheckDemand, "name" | "phase" | "needs" | "outOfBand">[],
  elsewhere: (name: string) => boolean = () => false,
): readonly NeedProblem[] {
  const problems: NeedProblem[] = [];
  const find = (name: string) => checks.find((check) => check.name === name);
  for (const [index, check] of checks.entries()) {
    for (const [position, name] of (check.needs ?? []).entries()) {
      const report = (message: string, hint: string) =>
        problems.push({ index, position, message, hint });
      const needed = find(name);
      if (needed === undefined) {
        if (elsewhere(name)) continue;
        const known = checks.map((one) => one.name).filter((one) => one !== check.name);
        report(
          `${check.name} needs ${name}, which is no check of this environment`,
          known.length === 0 ? "leave it out" : `checks here: ${known.join(", ")}`,
        );
      } else if (phases.indexOf(needed.phase) > phases.indexOf(check.phase)) {
        report(
          `${check.name} (${check.phase}) needs ${name}, which runs later (${needed.phase})`,
          "a check can only need one of its own phase or an earlier one",
        );
      } else if (needed.outOfBand && !check.outOfBand) {
        report(
          `${check.name} needs ${name}, which the promotion does not wait for (outOfBand)`,
          `let ${name} be waited for, or do not need it`,
        );
      } else if (leadsBack(check.name, name, find)) {
        report(`${check.name} needs ${name}, which needs ${check.name}`, "break the circle");
      }
    }
  }
  return problems;
}

function leadsBack(
  start: string,
  from: string,
  find: (name: string) => Pick<CheckDemand, "needs"> | undefined,
): boolean {
  const seen = new Set<string>();
  const open = [from];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (name === start) return true;
    if (seen.has(name)) continue;
    seen.add(name);
    open.push(...(find(name)?.needs ?? []));
  }
  return false;
}
