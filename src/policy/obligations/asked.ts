import type { Environment, Pipeline } from "../../model/pipeline.ts";
import type { Obligation, Obligations } from "../../model/requirements.ts";
import { surfaceChange, surfaceOf } from "./surface.ts";

/**
 * What the gate of one environment asks for besides its checks: the owners' requirements, the service's own, and each
 * threat of its model. Null when nobody asks for anything. A service's file can only add.
 */
export function obligationsIn(pipeline: Pipeline, environment: Environment): Obligations | null {
  const { name } = environment.metadata;
  const model = pipeline.spec.threatModel;
  const gated = model?.environments.includes(name) ? model : undefined;
  const required = [
    ...(environment.spec.floor.requirements ?? []),
    ...(pipeline.spec.requirements ?? []),
  ].filter(({ environments }) => environments.includes(name));
  const asked: Obligation[] = [
    ...required.map(({ id, text, satisfiedBy }) => ({
      kind: "requirement" as const,
      id,
      text,
      proofs: satisfiedBy,
    })),
    ...(gated?.threats ?? []).map(({ id, text, mitigatedBy }) => ({
      kind: "threat" as const,
      id,
      text,
      proofs: mitigatedBy,
    })),
  ];
  const surface = gated ? surfaceChange(gated, surfaceOf(pipeline, environment)) : null;
  return asked.length === 0 && surface === null ? null : { asked, surface };
}
