import { TidelockError } from "../../model/errors.ts";
import { FindingId } from "../../model/finding.ts";

/** `F-42`, or `42` as people say it. Throws `invalid-input`. */
export function findingId(given: string): FindingId {
  const parsed = FindingId.safeParse(/^\d+$/.test(given) ? `F-${given}` : given);
  if (parsed.success) return parsed.data;
  throw new TidelockError("invalid-input", `${given} is not a finding`, {
    fault: "operator",
    where: "<id>",
    hint: "write it like F-42; `tidelock findings list` shows those there are",
  });
}
