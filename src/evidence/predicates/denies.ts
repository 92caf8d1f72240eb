import type { Statement } from "../statement.ts";
import { checkRun } from "./check-run.ts";
import { completion } from "./completion.ts";
import { decision } from "./decision.ts";
import { summary } from "./summary.ts";
import { testResult } from "./test-result.ts";

type Predicate = Readonly<Record<string, unknown>>;

/** Where each kind of statement says its result, and which results are good; absent ones are not. */
const results: Readonly<Record<string, readonly [of: (p: Predicate) => unknown, good: string[]]>> =
  {
    [testResult.type]: [({ result }) => result, ["PASSED", "WARNED"]],
    [summary.type]: [({ verificationResult }) => verificationResult, ["PASSED"]],
    [checkRun.type]: [({ verdict }) => verdict, ["pass", "warn"]],
    [decision.type]: [(p) => (p["decision"] as Predicate | undefined)?.["outcome"], ["allow"]],
    [completion.type]: [({ result }) => result, ["complete"]],
  };

/**
 * What a statement says against its subject: tests that failed are stated in the same form as tests that
 * passed, and whoever demands the statement means the latter. Null when it says nothing of that sort.
 */
export function whatItDenies({ predicateType, predicate }: Statement): string | null {
  if (!Object.hasOwn(results, predicateType)) return null;
  const [of, good] = results[predicateType] ?? [];
  const found = of?.(predicate);
  if (typeof found === "string" && good?.includes(found)) return null;
  return `its result is ${typeof found === "string" ? found.slice(0, 40) : "not stated"}`;
}
