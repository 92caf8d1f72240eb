import { z } from "zod";
import type { Verdict } from "../../model/verdict.ts";
import { type Digest } from "../../model/primitives.ts";
import { hexOf } from "../bytes.ts";
import type { PredicateKind } from "./predicate.ts";

/** in-toto test-result v0.1 (in-toto/attestation, spec/predicates/test-result.md). */
export const TestResult = z.object({
  result: z.enum(["PASSED", "WARNED", "FAILED"]),
  configuration: z.array(z.record(z.string(), z.unknown())),
  url: z.string().optional(),
  passedTests: z.array(z.string()).optional(),
  warnedTests: z.array(z.string()).optional(),
  failedTests: z.array(z.string()).optional(),
});
export type TestResult = z.infer<typeof TestResult>;

export const testResult = {
  type: "https://in-toto.io/attestation/test-result/v0.1",
  schema: TestResult,
} as const satisfies PredicateKind<typeof TestResult>;

/** Its three results: whatever is neither pass nor warn (missing, stale, error …) is FAILED (law 2). */
export function testResultOf(verdict: Verdict): TestResult["result"] {
  if (verdict === "pass") return "PASSED";
  return verdict === "warn" ? "WARNED" : "FAILED";
}

/** The same run for tools that know only the standard predicate. */
export function testResultPredicate(run: {
  readonly check: string;
  readonly demand: Digest;
  readonly verdict: Verdict;
  readonly results: readonly { readonly name: string; readonly verdict: Verdict }[];
}): TestResult {
  const named = (result: TestResult["result"]) =>
    run.results.filter((one) => testResultOf(one.verdict) === result).map((one) => one.name);
  return {
    result: testResultOf(run.verdict),
    configuration: [{ name: run.check, digest: { sha256: hexOf(run.demand) } }],
    passedTests: named("PASSED"),
    warnedTests: named("WARNED"),
    failedTests: named("FAILED"),
  };
}
