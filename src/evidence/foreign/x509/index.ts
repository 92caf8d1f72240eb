import { bytesToHex } from "@noble/hashes/utils.js";
import type { Producer } from "../../../model/producers.ts";
import { matchesPattern } from "../../pattern.ts";
import { bad, good, type Result } from "../../result.ts";
import { type ForeignResult, notMine, refused } from "../result.ts";
import { signedDataBytes } from "./armour.ts";
import { type Certificate, parsePem, subjectLines } from "./certificate.ts";
import { verifyChain } from "./chain.ts";
import { parseSignedData, type SignedData, signerOf } from "./cms.ts";
import { DerError } from "./der.ts";
import { verifyTimestamp } from "./timestamp.ts";

/** Adapts a foreign format with Node's own cryptography: not for browsers. */

type X509Producer = Extract<Producer, { type: "x509" }>;

const timeStampToken = "1.2.840.113549.1.9.16.2.14";
const plainData = "1.2.840.113549.1.7.1";

/**
 * A detached CMS signature (`.p7s`, PEM or DER) over an artifact, by a certificate for code signing that
 * leads to one of the given roots. What it signs is known by its SHA-256, so the artifact need not be at
 * hand. Certificates are judged at the time of an RFC 3161 time stamp by a trusted authority, else now.
 * Revocation is not looked at: offline there is no list.
 */
export function verifyX509(bytes: Uint8Array, producer: X509Producer, now: Date): ForeignResult {
  const der = signedDataBytes(bytes);
  if (der === null) return notMine;
  const roots = readAll(producer.roots, "roots");
  const others = readAll(producer.intermediates, "intermediates");
  const authorities = readAll(producer.timestampRoots, "timestampRoots");
  for (const given of [roots, others, authorities]) if (!given.ok) return refused(given.problem);
  if (!roots.ok || !others.ok || !authorities.ok) return notMine;
  try {
    const signed = parseSignedData(der);
    const anchors = { roots: roots.value, others: [...others.value, ...signed.certificates] };
    return verifySigned(signed, anchors, authorities.value, producer.subject, now);
  } catch (error) {
    return refused(`the signature cannot be read: ${readable(error)}`);
  }
}

function verifySigned(
  signed: SignedData,
  anchors: { readonly roots: readonly Certificate[]; readonly others: readonly Certificate[] },
  authorities: readonly Certificate[],
  subject: X509Producer["subject"],
  now: Date,
): ForeignResult {
  if (signed.contentType !== plainData || signed.content !== null) {
    return refused("it is not a detached signature over a file");
  }
  if (signed.hash !== "sha256" || signed.messageDigest.length !== 32) {
    return refused("it signs another digest than SHA-256");
  }
  const signer = signerOf(signed, [...anchors.others, ...anchors.roots]);
  if (!signer.ok) return refused(signer.problem);
  const stamped = timeOfSignature(signed, authorities);
  if (!stamped.ok) return refused(stamped.problem);
  const time = stamped.value ?? now;
  const chain = verifyChain(signer.value, anchors, "codeSigning", time);
  if (!chain.ok) return refused(chain.problem);
  const lines = subjectLines(signer.value);
  const wrong = wrongAttribute(lines, subject);
  if (wrong !== null) return refused(`the signer is ${lines.join(", ")}: ${wrong}`);
  const when =
    stamped.value === null ? "certificate valid now" : `time-stamped ${time.toISOString()}`;
  return {
    kind: "verified",
    signed: { kind: "signature", digest: `sha256:${bytesToHex(signed.messageDigest)}` },
    signer: `${lines.join(", ")} (${when}; revocation not checked)`,
  };
}

/** Null without a time stamp or without an authority that is trusted; a damaged stamp is a problem. */
function timeOfSignature(
  signed: SignedData,
  authorities: readonly Certificate[],
): Result<Date | null> {
  const token = signed.unsignedAttributes.get(timeStampToken)?.[0];
  if (token === undefined || authorities.length === 0) return good(null);
  return verifyTimestamp(token.raw, signed.signature, authorities);
}

/** Each attribute that is asked for stands there once and fits. */
function wrongAttribute(lines: readonly string[], subject: X509Producer["subject"]): string | null {
  for (const [attribute, pattern] of Object.entries(subject)) {
    const found = lines.filter((line) => line.startsWith(`${attribute}=`));
    const value = found[0]?.slice(attribute.length + 1);
    if (found.length !== 1 || value === undefined) return `one ${attribute} is expected`;
    if (!matchesPattern(value, pattern)) return `its ${attribute} is not ${pattern}`;
  }
  return null;
}

function readAll(pems: readonly string[], field: string): Result<readonly Certificate[]> {
  const all: Certificate[] = [];
  for (const pem of pems) {
    try {
      all.push(parsePem(pem));
    } catch {
      return bad(`${field} has something that is not a certificate in PEM`);
    }
  }
  return good(all);
}

function readable(error: unknown): string {
  return error instanceof DerError ? error.message : "it is damaged";
}
