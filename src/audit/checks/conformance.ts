import canonicalize from "canonicalize";
import { z } from "zod";
import { checkRun } from "../../evidence/predicates/check-run.ts";
import { conformance, ConformancePredicate } from "../../evidence/predicates/conformance.ts";
import { decision as decisionKind } from "../../evidence/predicates/decision.ts";
import { CheckMinimum, GatePreset, IsolationGrade } from "../../model/pipeline.ts";
import { floorOf, makeConformance, type RunStatement } from "../../policy/conformance.ts";
import type { Replay } from "../../policy/replay.ts";
import { paths } from "../format.ts";
import type { Attestation } from "./attestations.ts";
import { parsedJson } from "./blobs.ts";

/** An environment's document as it is kept: parsed, so that lengths of time are milliseconds. */
const Floor = z.object({
  spec: z.object({
    floor: z.object({
      gate: GatePreset,
      isolation: IsolationGrade,
      minimumSoak: z.number(),
      checks: z.array(
        z.object({
          uses: z.string(),
          with: z.record(z.string(), z.unknown()),
          minimum: CheckMinimum.optional(),
        }),
      ),
    }),
  }),
});

/**
 * Makes a report before a switch once more, from the inputs of the decision that its entry records and the signed
 * statements in the pack, and says what the signed one states otherwise.
 */
export function conformanceDifferences(
  again: Extract<Replay, { ok: true }>,
  promotion: string,
  named: readonly Attestation[],
  attestations: readonly Attestation[],
  files: ReadonlyMap<string, Uint8Array>,
  isErased: (digest: string) => boolean,
): readonly string[] {
  const { inputs, decided } = again;
  const plan = named.find(({ predicateType }) => predicateType === decisionKind.type)?.predicate[
    "plan"
  ];
  return named
    .filter(({ predicateType }) => predicateType === conformance.type)
    .flatMap(({ digest, predicate }) => {
      const read = ConformancePredicate.safeParse(predicate);
      if (!read.success) return [`the report ${digest} is of no known form`];
      const { report } = read.data;
      if (inputs.kind !== "gate")
        return [`the report ${digest} stands beside no decision of a gate`];
      if (report.promotion !== promotion || report.policy.plan !== plan) {
        return [`the report ${digest} is about another promotion or plan`];
      }
      const runs = report.controls.flatMap(({ evidence }) =>
        evidence.flatMap(({ statement }) => statement?.digest ?? []),
      );
      // Nobody can be held to what is erased.
      if (runs.some(isErased)) return [];
      const bytes = files.get(paths.blob(report.policy.environment));
      const document = Floor.safeParse(bytes && parsedJson(bytes));
      const floor = document.success ? floorOf(document.data) : report.policy.floor;
      const frame = { promotion, policy: { ...report.policy, floor } };
      const made = makeConformance(frame, inputs, decided.decision, runStatements(attestations));
      return canonicalize(made) === canonicalize(report)
        ? []
        : [
            `the report ${digest} is not what follows from the decision's inputs and the signed runs`,
          ];
    });
}

function runStatements(attestations: readonly Attestation[]): readonly RunStatement[] {
  return attestations.flatMap(({ digest, predicateType, predicate }) => {
    const run = predicateType === checkRun.type ? checkRun.schema.safeParse(predicate) : null;
    return run?.success ? [{ digest, ...run.data }] : [];
  });
}
