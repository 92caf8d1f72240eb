import type { Statement } from "../statement.ts";
import { checkRun } from "./check-run.ts";
import { completion } from "./completion.ts";
import { decision } from "./decision.ts";
import { summary } from "./summary.ts";
import { placeOfTest, testResult } from "./test-result.ts";

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

/** What a statement with a result is about beside its subject, and when it was made: for the later word. */
export interface Word {
  /** Null: it denies nothing. */
  readonly denied: string | null;
  /** The check, where there are several: that another one passed later mends nothing. */
  readonly what: string;
  /** Unix milliseconds; null where it does not say when. */
  readonly at: number | null;
}

/** Where each kind says when: the verification, the end of the run, the decision. */
const times: Readonly<Record<string, (p: Predicate) => unknown>> = {
  [testResult.type]: (p) => placeOfTest(p)?.finishedOn,
  [summary.type]: ({ timeVerified }) => timeVerified,
  [checkRun.type]: ({ finishedOn }) => finishedOn,
  [decision.type]: ({ decidedOn }) => decidedOn,
  [completion.type]: ({ endedOn }) => endedOn,
};

export function wordOf(statement: Statement): Word {
  const { predicateType, predicate } = statement;
  const time = Object.hasOwn(times, predicateType) ? times[predicateType]?.(predicate) : undefined;
  const at = typeof time === "string" ? Date.parse(time) : Number.NaN;
  const first = Array.isArray(predicate["configuration"]) ? predicate["configuration"][0] : null;
  const named = predicateType === testResult.type ? first : predicate["check"];
  const name = typeof named === "object" && named !== null ? (named as Predicate)["name"] : null;
  return {
    denied: whatItDenies(statement),
    what: typeof name === "string" ? name : "",
    at: Number.isNaN(at) ? null : at,
  };
}
