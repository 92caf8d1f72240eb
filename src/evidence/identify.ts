import { z } from "zod";
import type { Digest } from "../model/primitives.ts";
import { decodeBase64, decodeUtf8 } from "./bytes.ts";
import { Envelope, statementPayloadType } from "./dsse.ts";
import { isSignedData } from "./foreign/x509/armour.ts";
import { isCommitBundle, readCommitBundle } from "./git/commit-bundle.ts";
import { readJson } from "./read-json.ts";
import { bad, good, type Result } from "./result.ts";
import { readSbom } from "./sbom/read.ts";
import { readStatement, subjectDigests } from "./statement.ts";

/** What some bytes are, as far as they say so themselves: nothing of it is verified. */
export interface Identified {
  readonly format: "dsse" | "sigstore" | "cms" | "cyclonedx" | "spdx" | "git-commits";
  readonly predicateType: string | null;
  /** SHA-256 digests that it says it is about; null when it does not say. */
  readonly about: readonly Digest[] | null;
}

const Bundle = z.looseObject({
  mediaType: z.string().startsWith("application/vnd.dev.sigstore.bundle"),
  dsseEnvelope: Envelope.optional(),
});

/** A DSSE envelope with a statement, a Sigstore bundle, a CMS signature, an SBOM, or commits; else one sentence. */
export function identify(bytes: Uint8Array): Result<Identified> {
  if (isSignedData(bytes)) return good({ format: "cms", predicateType: null, about: null });
  if (isCommitBundle(bytes)) {
    const commits = readCommitBundle(bytes);
    return commits.ok ? good({ format: "git-commits", predicateType: null, about: null }) : commits;
  }
  const bundle = readJson(bytes, Bundle, "the bundle");
  if (bundle.ok) {
    const inside = bundle.value.dsseEnvelope;
    if (inside === undefined) return good({ format: "sigstore", predicateType: null, about: null });
    return statementIn(inside, "sigstore");
  }
  const envelope = readJson(bytes, Envelope, "the envelope");
  if (envelope.ok) return statementIn(envelope.value, "dsse");
  const sbom = readSbom(bytes);
  if (sbom.ok) {
    const digests = sbom.value.subject?.digests ?? [];
    const about = digests.length === 0 ? null : digests;
    return good({ format: sbom.value.format, predicateType: null, about });
  }
  // One that tried to be an SBOM hears why it is none.
  const tried = /"(bomFormat|spdxVersion)"/.test(decodeUtf8(bytes.subarray(0, 4_096)) ?? "");
  return bad(
    tried
      ? sbom.problem
      : "this is no DSSE envelope, Sigstore bundle, CMS signature, CycloneDX or SPDX document",
  );
}

function statementIn(envelope: Envelope, format: "dsse" | "sigstore"): Result<Identified> {
  if (envelope.payloadType !== statementPayloadType) {
    return bad(`its payload is ${envelope.payloadType}, and ${statementPayloadType} is expected`);
  }
  const payload = decodeBase64(envelope.payload);
  if (payload === null) return bad("its payload is not base64");
  const statement = readStatement(payload);
  if (!statement.ok) return statement;
  const { predicateType } = statement.value;
  return good({ format, predicateType, about: subjectDigests(statement.value) });
}
