import { z } from "zod";
import { checkShape } from "../read-json.ts";
import { bad, good, type Result } from "../result.ts";
import type { Statement } from "../statement.ts";
import { matchesPattern } from "../pattern.ts";
import type { PredicateKind } from "./predicate.ts";

/** SLSA provenance v1 (slsa.dev/spec/v1.1/provenance): only what a consumer has to look at. */
export const Provenance = z.object({
  buildDefinition: z.object({
    buildType: z.string().min(1),
    externalParameters: z.record(z.string(), z.unknown()),
    resolvedDependencies: z
      .array(
        z.object({
          uri: z.string().optional(),
          digest: z.record(z.string(), z.string()).optional(),
        }),
      )
      .optional(),
  }),
  runDetails: z.object({
    builder: z.object({ id: z.string().min(1) }),
  }),
});
export type Provenance = z.infer<typeof Provenance>;

export const provenance = {
  type: "https://slsa.dev/provenance/v1",
  schema: Provenance,
} as const satisfies PredicateKind<typeof Provenance>;

export interface ProvenanceDemand {
  /** Patterns with `*`. The caller has matched the signer already: a builder speaks only for itself. */
  readonly builder: string;
  readonly buildType?: string | undefined;
  readonly source?: string | undefined;
}

/** Whether this is provenance by the builder that is asked for, of the source that is asked for. */
export function checkProvenance(
  statement: Statement,
  demand: ProvenanceDemand,
): Result<Provenance> {
  if (statement.predicateType !== provenance.type) {
    return bad(`it states ${statement.predicateType}, not ${provenance.type}`);
  }
  const read = checkShape(statement.predicate, Provenance, "the provenance");
  if (!read.ok) return read;
  const { buildDefinition, runDetails } = read.value;
  const builder = runDetails.builder.id;
  if (!matchesPattern(builder, demand.builder)) {
    return bad(`its builder is ${builder}, and ${demand.builder} is demanded`);
  }
  const { buildType } = buildDefinition;
  if (demand.buildType !== undefined && !matchesPattern(buildType, demand.buildType)) {
    return bad(`its build type is ${buildType}, and ${demand.buildType} is demanded`);
  }
  const { source } = demand;
  const sources = (buildDefinition.resolvedDependencies ?? []).flatMap(({ uri }) => uri ?? []);
  if (source !== undefined && !sources.some((uri) => matchesPattern(uri, source))) {
    const seen = sources.length === 0 ? "none is named" : sources.slice(0, 3).join(", ");
    return bad(`none of its sources is ${source} (${seen})`);
  }
  return good(read.value);
}
