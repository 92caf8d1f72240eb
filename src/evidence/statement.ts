import { z } from "zod";
import { canonicalJson } from "../model/canonical.ts";
import type { Digest } from "../model/primitives.ts";
import type { Signer } from "../ports/signer.ts";
import { hexOf, utf8 } from "./bytes.ts";
import { type Envelope, signEnvelope, statementPayloadType } from "./dsse.ts";
import { readJson } from "./read-json.ts";
import type { Result } from "./result.ts";

/** in-toto Statement v1: a predicate about subjects (in-toto/attestation, spec/v1/statement.md). */
export const statementType = "https://in-toto.io/Statement/v1";

const Subject = z.object({
  name: z.string().optional(),
  digest: z.record(z.string(), z.string()),
});

export const Statement = z.object({
  _type: z.literal(statementType),
  subject: z.array(Subject).min(1).max(10_000),
  predicateType: z.string().min(1).max(1_024),
  predicate: z.record(z.string(), z.unknown()).default({}),
});
export type Statement = z.infer<typeof Statement>;

/** What a statement of ours is about: a name for people, a digest for programs. */
export interface About {
  readonly name: string;
  readonly digest: Digest;
}

export function makeStatement(
  about: readonly About[],
  predicateType: string,
  predicate: Readonly<Record<string, unknown>>,
): Statement {
  return {
    _type: statementType,
    subject: about.map(({ name, digest }) => ({ name, digest: { sha256: hexOf(digest) } })),
    predicateType,
    predicate: { ...predicate },
  };
}

export function readStatement(payload: Uint8Array): Result<Statement> {
  return readJson(payload, Statement, "the statement");
}

/** Canonical JSON, so that the same statement is the same bytes. */
export function encodeStatement(statement: Statement): Uint8Array {
  return utf8(canonicalJson(statement));
}

export function signStatement(signer: Signer, statement: Statement): Promise<Envelope> {
  return signEnvelope(signer, statementPayloadType, encodeStatement(statement));
}

/**
 * The digests that a statement speaks of. Subjects match by digest alone, names say nothing; of a
 * subject's digests only SHA-256 is looked at, which everything of ours has.
 */
export function subjectDigests(statement: Statement): readonly Digest[] {
  return statement.subject.flatMap(({ digest }) => {
    const hex = Object.hasOwn(digest, "sha256") ? digest["sha256"]?.toLowerCase() : undefined;
    return hex !== undefined && /^[0-9a-f]{64}$/.test(hex) ? [`sha256:${hex}`] : [];
  });
}
