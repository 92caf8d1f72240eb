import { z } from "zod";
import { Name, Version } from "../../model/primitives.ts";
import { canonicalJson } from "../../model/canonical.ts";
import type { Release } from "../../model/release.ts";
import { digestBytes, utf8 } from "../bytes.ts";
import { type About, makeStatement, type Statement } from "../statement.ts";
import type { PredicateKind } from "./predicate.ts";

/** "I stand for this release": what `tidelock release sign` makes. */
export const ReleaseSignature = z.strictObject({
  service: Name,
  version: Version,
});

export const releaseSignature = {
  type: "https://tidelock.dev/predicate/release-signature/v1",
  schema: ReleaseSignature,
} as const satisfies PredicateKind<typeof ReleaseSignature>;

/** The release itself and each of its artifacts are the subjects. */
export function releaseSubjects(release: Release): readonly About[] {
  const { service, version } = release;
  return [
    // Its id: RFC 8785 and SHA-256, as model/release.ts has it, in a way that browsers know too.
    { name: `${service}@${version}`, digest: digestBytes(utf8(canonicalJson(release))) },
    ...release.artifacts.map(({ name, digest }) => ({ name, digest })),
  ];
}

export function signatureStatement(release: Release): Statement {
  const { service, version } = release;
  return makeStatement(releaseSubjects(release), releaseSignature.type, { service, version });
}
