import { isAtLeast, type Severity } from "../../model/observation.ts";
import type { ConcernedRow, judgementsOf } from "../../store/queries/finding-open.ts";

/** What its tools say, unless two people have judged it less bad, or anybody worse. */
export function severityOf(
  { severity: own, trusted }: Pick<ConcernedRow, "severity" | "trusted">,
  judged: Awaited<ReturnType<typeof judgementsOf>>,
  now: Date,
): { readonly severity: Severity; readonly note: string } {
  const lower = judged.find(({ kind }) => kind === "lower");
  const raise = judged.find(({ kind }) => kind === "raise");
  if (raise && (!lower || raise.at > lower.at)) {
    const to = raise.detail["severity"] as Severity;
    return isAtLeast(own, to)
      ? { severity: own, note: "" }
      : { severity: to, note: `its tools say ${own}, somebody here worse` };
  }
  if (!lower) return { severity: own, note: "" };
  if (Date.parse(String(lower.detail["until"])) <= now.getTime()) {
    return { severity: own, note: "that it is less bad has ended" };
  }
  if (trusted && lower.detail["trusted"] !== true) {
    const note = "a trusted scan sees what was judged when only untrusted reports had it";
    return { severity: own, note };
  }
  // Judged was what its tools said then; worse than that nobody has looked at.
  if (!isAtLeast(lower.detail["severityThen"] as Severity, own)) {
    return { severity: own, note: "it is worse now than when two people judged it" };
  }
  return {
    severity: lower.detail["severity"] as Severity,
    note: `two people judged ${own} less bad`,
  };
}
