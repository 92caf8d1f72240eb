import type { Environment } from "../../model/pipeline.ts";
import type { GateFacts } from "../../model/gate-facts.ts";
import { checkRelease, type Material } from "../../evidence/release-check.ts";
import { matchesPattern } from "../../evidence/pattern.ts";
import { newColour } from "../../strategies/compensation.ts";
import { materialOf } from "../attestations/attest-material.ts";
import type { FactsSite } from "./site.ts";

type Requires = NonNullable<Environment["spec"]["requires"]>;

/** Who stated what about the release, of those whom the environment's owners name; nobody else counts. */
export function evidenceFacts(
  site: FactsSite,
  requires: Requires | undefined,
  material: readonly Material[],
  sbom: boolean,
): GateFacts["evidence"] {
  if (requires === undefined) return { signedBy: [], provenance: false, sbom, attestations: [] };
  const { plan, release, now } = site;
  const { lane, configuration } = plan;
  const identity = { id: plan.release, artifacts: release.artifacts };
  const asked = { ...lane, colour: newColour(plan.live), configuration };
  const check = (demands: Partial<Requires>) =>
    checkRelease(identity, material, { ...nothing(requires), ...demands }, now, asked);
  const met = (demands: Partial<Requires>) => check(demands).every((one) => one.met);
  const stated = requires.attestations.filter((one) => met({ attestations: [one] }));
  return {
    signedBy: Object.keys(requires.producers)
      .filter((by) => met({ signature: [{ by: [by] }] }))
      .sort(),
    provenance: requires.provenance.length > 0 && met({ provenance: requires.provenance }),
    sbom,
    attestations: [...new Set(stated.map(({ predicateType }) => predicateType))].sort(),
  };
}

function nothing({ producers }: Requires): Requires {
  return { producers, signature: [], provenance: [], attestations: [] };
}

/** What is there about the release, as admission reads it; of too much nothing counts. */
export async function materialAbout(
  { engine, plan }: FactsSite,
  requires: Requires | undefined,
): Promise<readonly Material[]> {
  if (requires === undefined) return [];
  const demanded = requires.attestations.map(({ predicateType }) => predicateType);
  const material = await materialOf(engine, engine.db, plan.release, (type) =>
    demanded.some((pattern) => matchesPattern(type, pattern)),
  );
  return typeof material === "string" ? [] : material;
}
