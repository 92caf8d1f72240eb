import { packageOf } from "../../evidence/sbom/package-of.ts";
import { unverifiedSbom } from "../../evidence/sbom/unverified.ts";
import type { Digest } from "../../model/primitives.ts";
import { readAttestation } from "../../store/queries/attestations.ts";
import { keepComponents, unreadBoms } from "../../store/queries/components.ts";
import type { Db } from "../../store/schema.ts";
import { attestationBytes } from "../attestations/attest-material.ts";
import type { Engine } from "../engine.ts";

/** More than anybody's release has; of a longer list nobody could say that it was read whole. */
const mostComponents = 100_000;
/** SBOMs that are read in one look, one after the other. */
const atOnce = 200;

/**
 * Writes what an SBOM lists into the index of what releases are made of, so that an advisory finds them. In the
 * transaction that keeps the SBOM; one that cannot be read is named there and lists nothing.
 */
export async function indexSbom(
  tx: Db,
  release: Digest,
  digest: Digest,
  bytes: Uint8Array,
): Promise<void> {
  const sbom = unverifiedSbom(bytes);
  if (!sbom.ok) return keepComponents(tx, { release, digest, problem: sbom.problem }, []);
  const { components } = sbom.value;
  if (components.length > mostComponents) {
    const problem = `it lists ${components.length} components, and at most ${mostComponents} are looked at`;
    return keepComponents(tx, { release, digest, problem }, []);
  }
  const packages = components.flatMap((one) => packageOf(one) ?? []);
  return keepComponents(tx, { release, digest, problem: null }, packages);
}

/** Servers that have found nothing left: what comes later is written with the SBOM itself. */
const whole = new WeakSet<Engine>();

/** Those of before there was an index. */
export async function indexUnread(engine: Engine): Promise<void> {
  if (whole.has(engine)) return;
  const unread = await unreadBoms(engine.db, atOnce);
  if (unread.length === 0) whole.add(engine);
  for (const { release, digest } of unread) {
    const row = await readAttestation(engine.db, release, digest);
    if (!row) continue;
    try {
      const bytes = await attestationBytes(engine, row);
      await engine.db.transaction().execute((tx) => indexSbom(tx, release, digest, bytes));
    } catch (error) {
      // Damaged or gone: it says nothing, and is not asked again.
      const problem = error instanceof Error ? error.message : String(error);
      await keepComponents(engine.db, { release, digest, problem: problem.slice(0, 500) }, []);
    }
  }
}
