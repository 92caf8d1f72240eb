import type { Configuration } from "../../model/configuration.ts";
import type { Plan } from "../../model/plan.ts";
import { type Colour, type Digest, slotKey } from "../../model/primitives.ts";
import { type Release, releaseName } from "../../model/release.ts";
import type { SlotSpec } from "../../ports/host-agent.ts";
import { configurationByDigest } from "../../store/queries/catalogue.ts";
import { TidelockError } from "../../model/errors.ts";
import { bindingsOf, type BindingsKind, recordSecretRead, resolveBindings } from "./bindings.ts";
import type { Engine } from "../engine.ts";

/** What is to run on a colour. */
export interface Occupant {
  readonly colour: Colour;
  readonly id: Digest;
  readonly release: Release;
  readonly configuration: Digest;
  readonly bindings: BindingsKind;
  /** Fresh instances of the same thing are a new generation. */
  readonly generation: string;
}

/** The specification that the target gets, with secrets resolved; keep it out of every record. */
export async function slotSpec(engine: Engine, plan: Plan, occupant: Occupant): Promise<SlotSpec> {
  const configuration = await configurationOf(engine, plan, occupant.configuration);
  await recordSecretRead(engine, plan.lane, {
    for: `${slotKey({ ...plan.lane, colour: occupant.colour })}, ${occupant.generation}`,
    references: Object.values(bindingsOf(configuration, occupant.bindings).secrets),
  });
  const entries = await resolveBindings(engine, plan.lane, configuration, occupant.bindings);
  return {
    slot: { ...plan.lane, colour: occupant.colour },
    release: occupant.id,
    releaseName: releaseName(occupant.release),
    configuration: occupant.configuration,
    bindings: occupant.bindings,
    generation: occupant.generation,
    artifacts: occupant.release.artifacts.map(({ digest, size }) => ({ digest, size })),
    processes: plan.processes,
    environment: { delivery: configuration.delivery, entries },
  };
}

export async function configurationOf(
  engine: Engine,
  plan: Plan,
  digest: Digest,
): Promise<Configuration> {
  const row = await configurationByDigest(engine.db, plan.lane, digest);
  if (row) return row.content;
  throw new TidelockError("internal", `the configuration ${digest} of this plan is not stored`, {
    fault: "bug",
    where: digest,
  });
}

/**
 * Reads every artifact again and compares (S4-43): the digest is verified at each deploy, not only when
 * the release came. Throws `digest-mismatch` or `not-found`.
 */
export async function verifiedArtifacts(
  engine: Engine,
  release: Release,
): Promise<ReadonlyMap<string, string>> {
  const paths = new Map<string, string>();
  for (const { digest } of release.artifacts) {
    await engine.content.verify(digest);
    paths.set(digest, await engine.content.path(digest));
  }
  return paths;
}
