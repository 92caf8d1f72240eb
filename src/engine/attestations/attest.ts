import type { z } from "zod";
import { digestOf } from "../../model/canonical.ts";
import type { Plan } from "../../model/plan.ts";
import type { Colour, Digest } from "../../model/primitives.ts";
import type { Address } from "../../evidence/address.ts";
import { digestBytes } from "../../evidence/bytes.ts";
import { encodeEnvelope } from "../../evidence/dsse.ts";
import { ed25519Key, type PublicKey } from "../../evidence/keys.ts";
import type { PredicateKind } from "../../evidence/predicates/predicate.ts";
import { releaseSubjects } from "../../evidence/predicates/release-signature.ts";
import { makeStatement, signStatement } from "../../evidence/statement.ts";
import { evidenceKeys, insertAttestation } from "../../store/queries/attestations.ts";
import { readRelease } from "../../store/queries/catalogue.ts";
import { TidelockError } from "../../model/errors.ts";
import type { Db } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";

/**
 * What Tidelock did and decided, as signed statements. Each is written in the transaction that records the
 * thing itself, and the entry of that transaction names it by digest: no statement without its entry, and
 * none that an entry names and nobody has.
 */

/** What the policy was: both documents, the gate, and what each check was told. */
export function policyDigest(
  plan: Pick<Plan, "pipeline" | "environment" | "gate" | "minimumIsolation" | "soakMs">,
): Digest {
  return digestOf({
    kind: "Policy",
    formatVersion: 1,
    pipeline: plan.pipeline,
    environment: plan.environment,
    gate: plan.gate,
    isolation: plan.minimumIsolation,
    soakMs: plan.soakMs,
  });
}

/** Where and for what (law 3): evidence for another colour, configuration or policy is other evidence. */
export function addressOf(
  plan: Plan,
  promotion: string,
  of: { readonly colour: Colour | null; readonly configuration: Digest | null },
): Address {
  return {
    ...plan.lane,
    colour: of.colour,
    release: plan.release,
    configuration: of.configuration,
    promotion,
    policy: policyDigest(plan),
  };
}

/**
 * Signs a statement about a release and keeps it, in the caller's transaction. Answers the digest of the
 * envelope, which the caller's entry of the ledger has to name under `attestations`.
 */
export async function attest<T extends z.ZodType>(
  engine: Engine,
  tx: Db,
  kind: PredicateKind<T>,
  of: {
    readonly release: Digest;
    /** The promotion or check run that it is about. */
    readonly about: string;
    readonly predicate: z.output<T> & Readonly<Record<string, unknown>>;
  },
): Promise<Digest> {
  const release = await readRelease(tx, of.release);
  if (!release) {
    throw new TidelockError("internal", `release ${of.release} has vanished`, { fault: "bug" });
  }
  const statement = makeStatement(releaseSubjects(release.content), kind.type, of.predicate);
  const bytes = encodeEnvelope(await signStatement(await engine.log.evidenceSigner(tx), statement));
  const digest = digestBytes(bytes);
  await insertAttestation(tx, {
    release: of.release,
    digest,
    format: "dsse",
    predicate_type: kind.type,
    origin: "own",
    about: of.about,
    size: bytes.length,
    content: Buffer.from(bytes),
    added_by: "tidelock",
  });
  return digest;
}

/** The keys whose statements of ours count now. */
export async function trustedEvidenceKeys(db: Db): Promise<readonly PublicKey[]> {
  return (await evidenceKeys(db)).flatMap((raw) => {
    const key = ed25519Key(raw);
    return key.ok ? [key.value] : [];
  });
}
