import type { AttestationRow } from "../schema.ts";
import { authorOf, type Projection } from "./projection.ts";

/** Without the bytes, which stand under their own digest. */
export type ListedAttestation = Omit<AttestationRow, "content">;

/**
 * What was handed in about a release, or made of it: an unsigned SBOM can open a gate, so that it is here must
 * be in the log. Statements of ours are signed, and the entry of what they state names them.
 */
export const attestationsProjection: Projection<ListedAttestation> = {
  table: "attestations",
  kinds: ["attestation.added"],
  key: ({ release, digest }) => `attestation/${release}/${digest}`,
  changes: () => null,
  counted: false,
  columns: (row) => ({
    release: row.release,
    digest: row.digest,
    format: row.format,
    predicateType: row.predicate_type,
    origin: row.origin,
  }),
  authors: (row) => [authorOf(attestationsProjection, row, "added_by", row.added_by)],
  stream: ({ release }) => `release/${release}`,
  async *rows(db) {
    yield* await db
      .selectFrom("attestations")
      .select([
        "release",
        "digest",
        "format",
        "predicate_type",
        "origin",
        "about",
        "size",
        "added_at",
        "added_by",
        "erased_at",
      ]) // prettier-ignore
      .where("origin", "!=", "own")
      .execute();
  },
};
