import { TidelockError } from "../model/errors.ts";

/** Of a check's own time limit, ms: so that it can still answer after its window. */
const reserve = 2_000;

/** Throws `invalid-input` when a check that listens for a while could not answer within its time limit; ms. */
export function requireWindowFits(window: number, timeoutMs: number): void {
  if (window + reserve <= timeoutMs) return;
  throw new TidelockError(
    "invalid-input",
    `a window of ${window} ms does not fit into the check's time limit of ${timeoutMs} ms`,
    { fault: "operator", where: "window", hint: "set a longer `timeout` on the check" },
  );
}
