import type { AttestationView } from "../../api/views.ts";
import { encodeBase64 } from "../../evidence/bytes.ts";
import { isSbomPredicate } from "../../evidence/sbom/read.ts";
import { indexSbom } from "../contradictions/components.ts";
import { identify } from "../../evidence/identify.ts";
import { TidelockError } from "../../model/errors.ts";
import type { Digest } from "../../model/primitives.ts";
import type { Release } from "../../model/release.ts";
import type { Actor } from "../../ports/control-plane.ts";
import {
  attestationsOf,
  keepAttestation,
  lockGiven,
  readAttestation,
} from "../../store/queries/attestations.ts";
import { announce } from "../../store/queries/events.ts";
import type { Db, ReleaseRow } from "../../store/schema.ts";
import { attestationBytes, blobBytes, mostGiven } from "./attest-material.ts";
import type { Engine } from "../engine.ts";
import { findRelease } from "../promotions/plan-inputs.ts";
import { attestationView } from "../views/attestation-view.ts";

/**
 * Keeps what was handed in about a release; its bytes are in the content store already. Keeping is not
 * trusting: each use verifies it anew, against what that user trusts. The same bytes twice are one.
 *
 * Throws `invalid-input` for what no reader knows, for what says that it is about something else, and for more
 * than `mostGiven` about one release.
 */
export async function attestRelease(
  engine: Engine,
  actor: Actor,
  of: { readonly service: string; readonly release: string; readonly digest: Digest },
): Promise<AttestationView> {
  const row = await findRelease(engine.db, of.service, of.release);
  const bytes = await blobBytes(engine, of.digest);
  const found = identify(bytes);
  const name = `${row.service}@${row.version}`;
  if (!found.ok) {
    throw new TidelockError("invalid-input", found.problem, {
      fault: "operator",
      where: of.digest,
      hint: "hand in an envelope, a bundle, a signature or an SBOM as it was made",
    });
  }
  const { format, predicateType, about } = found.value;
  refuseOther(row, name, about);
  await engine.db.transaction().execute(async (tx) => {
    await refuseTooMuch(tx, row, name, { digest: of.digest, size: bytes.length });
    const fresh = await keepAttestation(tx, {
      release: row.id,
      digest: of.digest,
      format,
      predicate_type: predicateType,
      origin: "given",
      size: bytes.length,
      added_by: actor.id,
    });
    if (!fresh) return;
    const isSbom = format === "cyclonedx" || format === "spdx";
    if (isSbom || isSbomPredicate(predicateType ?? "")) {
      await indexSbom(tx, row.id, of.digest, bytes);
    }
    await announce(tx, {
      kind: "release.attested",
      service: row.service,
      message: `${actor.id} added ${predicateType ?? format} about ${name}`,
    });
  });
  engine.signals.emit("change");
  const kept = await readAttestation(engine.db, row.id, of.digest);
  if (kept) return attestationView(kept);
  throw new TidelockError("internal", "an attestation has vanished", { fault: "bug" });
}

async function refuseTooMuch(
  tx: Db,
  row: ReleaseRow,
  name: string,
  fresh: { readonly digest: Digest; readonly size: number },
): Promise<void> {
  const given = await lockGiven(tx, row.id);
  if (given.some(({ digest }) => digest === fresh.digest)) return;
  const bytes = given.reduce((sum, { size }) => sum + size, 0);
  if (given.length < mostGiven.pieces && bytes + fresh.size <= mostGiven.bytes) return;
  throw new TidelockError(
    "invalid-input",
    `${given.length} pieces with ${bytes} bytes were handed in about ${name}; with this one (${fresh.size} bytes) it is more than ${mostGiven.pieces} pieces or ${mostGiven.bytes} bytes`,
    {
      fault: "operator",
      where: fresh.digest,
      hint: "see what there is (tidelock release show), and erase what nobody needs",
    },
  );
}

function refuseOther(row: ReleaseRow, name: string, about: readonly Digest[] | null): void {
  if (about === null) return;
  const mine = [row.id, ...row.content.artifacts.map(({ digest }) => digest)];
  if (about.some((digest) => mine.includes(digest))) return;
  throw new TidelockError("invalid-input", `it is not about ${name}`, {
    fault: "operator",
    where: about[0] ?? "its subjects",
    hint: `subjects are the release's id (${row.id}) or its artifacts' digests`,
  });
}

/** A release as it was taken in, and all that is stated about it. */
export async function releaseEvidence(
  engine: Engine,
  service: string,
  reference: string,
): Promise<{ id: Digest; release: Release; attestations: AttestationView[] }> {
  const row = await findRelease(engine.db, service, reference);
  const attestations = await attestationsOf(engine.db, row.id);
  return { id: row.id, release: row.content, attestations: attestations.map(attestationView) };
}

export async function attestationContent(
  engine: Engine,
  service: string,
  reference: string,
  digest: Digest,
): Promise<{ digest: Digest; content: string }> {
  const row = await findRelease(engine.db, service, reference);
  const found = await readAttestation(engine.db, row.id, digest);
  if (found) return { digest, content: encodeBase64(await attestationBytes(engine, found)) };
  throw new TidelockError("not-found", `nothing with that digest is stated about ${reference}`, {
    fault: "operator",
    where: digest,
    hint: "see what there is: tidelock release show",
  });
}
