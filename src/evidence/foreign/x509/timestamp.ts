import { createHash } from "node:crypto";
import { sameBytes } from "../../bytes.ts";
import { bad, good, type Result } from "../../result.ts";
import type { Certificate } from "./certificate.ts";
import { verifyChain } from "./chain.ts";
import { hashBytes, hashOf, parseSignedData, type SignedData, signerOf } from "./cms.ts";
import { type Der, DerError, expectTag, inside, readDer, tags, timeOf } from "./der.ts";

/** Time-stamp tokens (RFC 3161): an authority says that these bytes were there at that time. */

const tstInfo = "1.2.840.113549.1.9.16.1.4";
const signingCertificate = "1.2.840.113549.1.9.16.2.12";
const signingCertificateV2 = "1.2.840.113549.1.9.16.2.47";

/**
 * When `data` existed at the latest, as one of the given authorities vouches for it. The authority's own
 * certificate is judged at that very time. May throw DerError.
 */
export function verifyTimestamp(
  token: Uint8Array,
  data: Uint8Array,
  roots: readonly Certificate[],
): Result<Date> {
  const signed = parseSignedData(token);
  const { content } = signed;
  if (signed.contentType !== tstInfo || content === null) return bad("it is no time stamp");
  if (!sameBytes(hashBytes(signed.hash, content), signed.messageDigest)) {
    return bad("the time stamp's content was changed");
  }
  const [, , imprint, , time] = inside(readDer(content), tags.sequence);
  const [algorithm, hashed] = inside(imprint, tags.sequence);
  const stamped = expectTag(hashed, tags.octetString).content;
  if (!sameBytes(hashBytes(hashOf(algorithm), data), stamped)) {
    return bad("the time stamp is for something else");
  }
  const signer = signerOf(signed, roots);
  if (!signer.ok) return bad(`the time stamp: ${signer.problem}`);
  if (!bindsCertificate(signed, signer.value)) {
    return bad("the time stamp does not say which certificate made it");
  }
  const at = timeOf(time);
  const others = signed.certificates;
  const chain = verifyChain(signer.value, { roots, others }, "timeStamping", at);
  return chain.ok ? good(at) : bad(`the time stamp: ${chain.problem}`);
}

/** RFC 5816 and RFC 2634: the token names its certificate by hash, so that no other can take its place. */
function bindsCertificate(signed: SignedData, certificate: Certificate): boolean {
  const second = signed.signedAttributes.get(signingCertificateV2)?.[0];
  const first = signed.signedAttributes.get(signingCertificate)?.[0];
  const attribute = second ?? first;
  if (attribute === undefined) return false;
  const [ids] = inside(attribute, tags.sequence);
  const [id] = inside(ids, tags.sequence);
  const fields = inside(id, tags.sequence);
  const named = fields.find(({ tag }) => tag === tags.octetString);
  if (named === undefined) throw new DerError("it names no certificate");
  return sameBytes(certificateHash(second !== undefined, fields[0], certificate), named.content);
}

/** Version 2 may name the hash and means SHA-256 otherwise; version 1 is SHA-1 by definition. */
function certificateHash(
  second: boolean,
  algorithm: Der | undefined,
  { raw }: Certificate,
): Uint8Array {
  if (!second) return createHash("sha1").update(raw).digest();
  return hashBytes(algorithm?.tag === tags.sequence ? hashOf(algorithm) : "sha256", raw);
}
