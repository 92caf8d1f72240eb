import { z } from "zod";
import type { Verdict } from "../../model/verdict.ts";
import { Colour, Digest, type Lane } from "../../model/primitives.ts";
import { hexOf } from "../bytes.ts";
import type { PredicateKind } from "./predicate.ts";
import { laneOfUri, resourceUri } from "./summary.ts";

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

/** Where a test of ours ran, as a resource descriptor among `configuration`: the predicate has no field for it. */
const Place = z.object({
  uri: z.string(),
  annotations: z.object({
    colour: Colour.nullable(),
    configuration: Digest.nullable(),
    release: Digest,
    finishedOn: z.iso.datetime(),
  }),
});

/** Where and when a test of ours ran; null for a test result of somebody else, which does not say it. */
export function placeOfTest(predicate: Readonly<Record<string, unknown>>) {
  const list = predicate["configuration"];
  for (const one of Array.isArray(list) ? list : []) {
    const place = Place.safeParse(one);
    const lane = place.success ? laneOfUri(place.data.uri) : null;
    if (place.success && lane !== null) return { ...lane, ...place.data.annotations };
  }
  return null;
}

/** The same run for tools that know only the standard predicate. */
export function testResultPredicate(run: {
  readonly place: {
    readonly lane: Lane;
    readonly colour: Colour | null;
    readonly configuration: Digest | null;
    readonly release: Digest;
    /** RFC 3339. */
    readonly finishedOn: string;
  };
  readonly check: string;
  readonly demand: Digest;
  readonly verdict: Verdict;
  readonly results: readonly { readonly name: string; readonly verdict: Verdict }[];
}): TestResult {
  const named = (result: TestResult["result"]) =>
    run.results.filter((one) => testResultOf(one.verdict) === result).map((one) => one.name);
  const { lane, ...annotations } = run.place;
  return {
    result: testResultOf(run.verdict),
    configuration: [
      { name: run.check, digest: { sha256: hexOf(run.demand) } },
      { name: "environment", uri: resourceUri(lane), annotations },
    ],
    passedTests: named("PASSED"),
    warnedTests: named("WARNED"),
    failedTests: named("FAILED"),
  };
}
