import type { CheckDemand } from "../../model/pipeline.ts";
import type { Check, Touch } from "../../ports/check.ts";

/** What a check is and when it runs, in sentences made of what its adapter declares. */

const touches: Readonly<Record<Touch, string>> = {
  files: "reads the release's files, and sends nothing",
  passive: "looks as any user may",
  intrusive: "attacks, writes or loads, only where no user is",
};

export function touchOf(check: Check | undefined, demand: CheckDemand): Touch | null {
  if (check === undefined) return null;
  if (typeof check.touch !== "function") return check.touch;
  const parsed = check.schema.safeParse(demand.with);
  return parsed.success ? check.touch(parsed.data) : null;
}

export function doesText(check: Check | undefined, touch: Touch | null): string {
  if (check === undefined) return "this server has no such adapter";
  const scans = check.scans ?? [];
  const what = [
    ...(scans.length > 0 ? [`scans for ${scans.join(", ")}`] : []),
    ...(check.form === undefined ? [] : ["asks people"]),
    ...(touch === null ? [] : [touches[touch]]),
    check.judgedBy === "observations"
      ? "its hits are judged by the thresholds that are set"
      : "says itself whether it passed",
    ...(check.advisories === undefined ? [] : ["decides by advisories"]),
  ];
  return what.join("; ");
}

export function whenText(demand: CheckDemand): string {
  const phases = {
    static: "before anything is deployed",
    deployed: "on the idle colour, before traffic moves",
    live: "on what users meet, while it is watched",
  } as const;
  const more = [
    phases[demand.phase],
    ...(demand.needs === undefined ? [] : [`after ${demand.needs.join(", ")}`]),
    ...(demand.outOfBand === true ? ["the promotion does not wait for it"] : []),
  ];
  return more.join("; ");
}
