import { z } from "zod";
import type { Digest, Lane } from "../../model/primitives.ts";
import { hexOf } from "../bytes.ts";
import { bad, good, type Result } from "../result.ts";
import type { PredicateKind } from "./predicate.ts";

/** SLSA verification summary v1 (slsa.dev/spec/v1.1/verification_summary). */
const DigestSet = z.record(z.string(), z.string());
export const Summary = z.object({
  verifier: z.object({
    id: z.string().min(1),
    version: z.record(z.string(), z.string()).optional(),
  }),
  timeVerified: z.iso.datetime({ offset: true }).optional(),
  resourceUri: z.string().min(1),
  policy: z.object({ uri: z.string().optional(), digest: DigestSet.optional() }),
  inputAttestations: z
    .array(z.object({ uri: z.string().optional(), digest: DigestSet.optional() }))
    .optional(),
  verificationResult: z.enum(["PASSED", "FAILED"]),
  verifiedLevels: z.array(z.string()),
  slsaVersion: z.string().optional(),
});
export type Summary = z.infer<typeof Summary>;

export const summary = {
  type: "https://slsa.dev/verification_summary/v1",
  schema: Summary,
} as const satisfies PredicateKind<typeof Summary>;

export const verifierId = "https://tidelock.dev/verifier";
export const policyUri = "https://tidelock.dev/policy/environment/v1";

/** One for each service and environment: a summary for testing says nothing of production. */
export function resourceUri(lane: Lane): string {
  return `tidelock:service/${lane.service}/environment/${lane.environment}`;
}

/** The lane that such a URI names; null for one that is none of ours. */
export function laneOfUri(uri: string): Lane | null {
  const [, service, environment] =
    /^tidelock:service\/([^/]+)\/environment\/([^/]+)$/.exec(uri) ?? [];
  return service === undefined || environment === undefined ? null : { service, environment };
}

/** SLSA build levels that a verified provenance of a trusted builder can earn. */
export type BuildLevel = 0 | 1 | 2 | 3;

/**
 * What was decided about a release in one environment. A decision that was revoked is summed up again with
 * `passed: false`. Levels are those that provenance really earned here; without any, the build track was
 * not evaluated, and the summary says so.
 */
export function makeSummary(of: {
  readonly lane: Lane;
  readonly passed: boolean;
  /** RFC 3339. */
  readonly timeVerified: string;
  readonly policy: Digest;
  /** Digests of the envelopes that the decision leaned on. */
  readonly inputs: readonly Digest[];
  readonly buildLevel: BuildLevel | null;
  /** Of Tidelock itself. */
  readonly version: string;
}): Summary {
  const level = of.buildLevel === null ? "UNEVALUATED" : String(of.buildLevel);
  return {
    verifier: { id: verifierId, version: { tidelock: of.version } },
    timeVerified: of.timeVerified,
    resourceUri: resourceUri(of.lane),
    policy: { uri: policyUri, digest: { sha256: hexOf(of.policy) } },
    inputAttestations: [...new Set(of.inputs)].sort().map((digest) => ({
      digest: { sha256: hexOf(digest) },
    })),
    verificationResult: of.passed ? "PASSED" : "FAILED",
    verifiedLevels: of.passed ? [`SLSA_BUILD_LEVEL_${level}`] : ["FAILED"],
    slsaVersion: "1.1",
  };
}

/** Whether a summary lets a release into this lane under this policy, as a consumer has to ask. */
export function checkSummary(
  found: Summary,
  expected: { readonly lane: Lane; readonly policy: Digest },
): Result<Summary> {
  const uri = resourceUri(expected.lane);
  if (found.verifier.id !== verifierId) return bad(`it was made by ${found.verifier.id}`);
  if (found.resourceUri !== uri) {
    return bad(`it is for ${found.resourceUri}, and ${uri} is expected`);
  }
  if (found.policy.digest?.["sha256"] !== hexOf(expected.policy)) {
    return bad("another policy was in force");
  }
  if (found.verificationResult !== "PASSED") return bad("its result is FAILED");
  return good(found);
}
