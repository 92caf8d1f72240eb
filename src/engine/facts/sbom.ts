import type { GateFacts } from "../../model/gate-facts.ts";
import type { Environment } from "../../model/pipeline.ts";
import { verifyForeign } from "../../evidence/foreign/verify.ts";
import type { Material } from "../../evidence/release-check.ts";
import type { Sbom } from "../../evidence/sbom/component.ts";
import { isSbomPredicate, readSbom, sbomOfStatement } from "../../evidence/sbom/read.ts";
import { subjectDigests } from "../../evidence/statement.ts";
import { attestationsProjection } from "../../store/projections/attestations.ts";
import { othersAttestations, readAttestation } from "../../store/queries/attestations.ts";
import { attestationBytes } from "../attestations/attest-material.ts";
import { groundsOf } from "../ledger/leaning.ts";
import { type FactsSite, onRecord } from "./site.ts";

/** More than anybody's list of licences; and a licence's text is no name. */
const most = { licences: 2_000, characters: 200 };

/**
 * What the release is made of, by the SBOM that was made of its own tree and by those that a producer has signed whom
 * the environment's owners ask for one. Of several the worse word counts: all their licences, the most components.
 */
export async function sbomFacts(
  site: FactsSite,
  requires: Environment["spec"]["requires"],
  material: readonly Material[],
): Promise<GateFacts["sbom"]> {
  const sboms = [...(await madeHere(site)), ...signedByProducers(site, requires, material)];
  if (sboms.length === 0) return null;
  const lists = sboms.map(({ components }) => components);
  const licences = new Set(lists.flat().flatMap((one) => one.licences));
  if (licences.size > most.licences) return null;
  const named = [...licences].map((licence) => licence.slice(0, most.characters));
  return {
    components: Math.max(...lists.map((list) => list.length)),
    licences: [...new Set(named)].sort(),
    withoutLicence: Math.max(
      ...lists.map((list) => list.filter((one) => one.licences.length === 0).length),
    ),
  };
}

/** Made when the release was taken in, as the log has it. */
async function madeHere({ engine, plan }: FactsSite): Promise<readonly Sbom[]> {
  const rows: Awaited<ReturnType<typeof othersAttestations>>[number][] = [];
  const trusted = await onRecord(engine, async () => {
    const found = await othersAttestations(engine.db, [plan.release]);
    rows.splice(0, rows.length, ...found.filter((one) => one.origin === "made" && !one.erased_at));
    return groundsOf(attestationsProjection, rows);
  });
  if (!trusted) return [];
  const found = rows.map(async ({ digest }): Promise<readonly Sbom[]> => {
    const row = await readAttestation(engine.db, plan.release, digest);
    // Damaged or gone: then it says nothing.
    const bytes = row && (await attestationBytes(engine, row).catch(() => undefined));
    const sbom = bytes && readSbom(bytes);
    return sbom?.ok ? [sbom.value] : [];
  });
  return (await Promise.all(found)).flat();
}

function signedByProducers(
  { plan, release, now }: FactsSite,
  requires: Environment["spec"]["requires"],
  material: readonly Material[],
): readonly Sbom[] {
  const mine = [plan.release, ...release.artifacts.map(({ digest }) => digest)];
  const producers = (requires?.sbom?.by ?? []).flatMap((by) => requires?.producers[by] ?? []);
  return producers.flatMap((producer) =>
    material.flatMap(({ bytes }): readonly Sbom[] => {
      const found = verifyForeign(bytes, producer, now);
      if (found.kind !== "verified" || found.signed.kind !== "statement") return [];
      const { statement } = found.signed;
      if (!isSbomPredicate(statement.predicateType)) return [];
      if (!subjectDigests(statement).some((digest) => mine.includes(digest))) return [];
      const sbom = sbomOfStatement(statement);
      return sbom.ok ? [sbom.value] : [];
    }),
  );
}
