import { createPublicKey } from "node:crypto";
import { type Bundle, bundleFromJSON } from "@sigstore/bundle";
import { HashAlgorithm, type TrustedRoot } from "@sigstore/protobuf-specs";
import { type Signer, toSignedEntity, toTrustMaterial, Verifier } from "@sigstore/verify";
import { z } from "zod";
import type { Digest } from "../../../model/primitives.ts";
import type { Producer } from "../../../model/producers.ts";
import { decodeBase64 } from "../../bytes.ts";
import { statementPayloadType } from "../../dsse.ts";
import { readPublicKey } from "../../keys.ts";
import { matchesPattern } from "../../pattern.ts";
import { readJson } from "../../read-json.ts";
import { readStatement } from "../../statement.ts";
import { type ForeignResult, notMine, refused, type Signed } from "../result.ts";
import { digestSignature } from "./digest-signature.ts";
import { readTrustedRoot } from "./trusted-root.ts";

/** Adapts a foreign format with Node's own cryptography: not for browsers. */

type SigstoreProducer = Extract<Producer, { type: "sigstore" }>;

const Outline = z.looseObject({
  mediaType: z.string().startsWith("application/vnd.dev.sigstore.bundle"),
});

/**
 * A Sigstore bundle (v0.3; older ones are read too), offline: certificate chain and SCT, or a given key;
 * inclusion in a transparency log; a trusted time; the signature. Subjects are for the caller to match.
 */
export function verifySigstore(bytes: Uint8Array, producer: SigstoreProducer): ForeignResult {
  const outline = readJson(bytes, Outline, "the bundle");
  if (!outline.ok) return notMine;
  const root = readTrustedRoot(producer.trustedRoot);
  if (!root.ok) return refused(root.problem);
  try {
    const loose = badBase64(outline.value, "the bundle");
    if (loose !== null) return refused(`${loose} is not base64`);
    return verifyBundle(bundleFromJSON(outline.value), root.value, producer);
  } catch (error) {
    return refused(`the bundle does not verify: ${sentence(error)}`);
  }
}

function verifyBundle(
  bundle: Bundle,
  root: TrustedRoot,
  producer: SigstoreProducer,
): ForeignResult {
  const signed = signedBy(bundle);
  if (typeof signed === "string") return refused(signed);
  const byKey = bundle.verificationMaterial.content.$case === "publicKey";
  if (byKey) {
    if (producer.keys === undefined) return refused("it is signed with a key, and none is trusted");
    return verifyWithKeys(bundle, root, producer.keys, signed);
  }
  if (producer.identity === undefined)
    return refused("it has a certificate, and a key is expected");
  const signer = new Verifier(toTrustMaterial(root)).verify(entityOf(bundle));
  return matchIdentity(signer, producer.identity, signed);
}

/** The hint in a bundle is not signed: each trusted key is tried. */
function verifyWithKeys(
  bundle: Bundle,
  root: TrustedRoot,
  keys: readonly string[],
  signed: Signed,
): ForeignResult {
  let problem = "no key is trusted";
  for (const pem of keys) {
    try {
      const read = readPublicKey(pem);
      if (!read.ok) return refused(read.problem);
      const publicKey = createPublicKey(pem);
      const trust = toTrustMaterial(root, () => ({ publicKey, validFor: () => true }));
      new Verifier(trust).verify(entityOf(bundle));
      return { kind: "verified", signed, signer: "a trusted key, logged with Sigstore" };
    } catch (error) {
      problem = sentence(error);
    }
  }
  return refused(`the bundle does not verify: ${problem}`);
}

function matchIdentity(
  { identity }: Signer,
  wanted: NonNullable<SigstoreProducer["identity"]>,
  signed: Signed,
): ForeignResult {
  const subject = identity?.subjectAlternativeName ?? "";
  const issuer = identity?.extensions?.issuer ?? "";
  if (issuer !== wanted.issuer) {
    return refused(`its signer was vouched for by ${issuer || "nobody"}, not ${wanted.issuer}`);
  }
  if (subject === "" || !matchesPattern(subject, wanted.subject)) {
    return refused(`its signer is ${subject || "nobody"}, not ${wanted.subject}`);
  }
  return { kind: "verified", signed, signer: subject };
}

function entityOf(bundle: Bundle): ReturnType<typeof toSignedEntity> {
  const { content } = bundle;
  if (content.$case === "dsseEnvelope") return toSignedEntity(bundle);
  const { signature, messageDigest } = content.messageSignature;
  return {
    ...toSignedEntity(bundle, Buffer.alloc(0)),
    signature: digestSignature(signature, messageDigest.digest),
  };
}

/** What the bundle's signature is over: a statement in exactly the bytes that are verified, or a digest. */
function signedBy({ content }: Bundle): Signed | string {
  if (content.$case === "messageSignature") {
    const { algorithm, digest } = content.messageSignature.messageDigest;
    if (algorithm !== HashAlgorithm.SHA2_256 || digest.length !== 32) {
      return "it signs another digest than SHA-256";
    }
    const hex: Digest = `sha256:${digest.toString("hex")}`;
    return { kind: "signature", digest: hex };
  }
  const { payloadType, payload } = content.dsseEnvelope;
  if (payloadType !== statementPayloadType) {
    return `its payload is ${payloadType}, and ${statementPayloadType} is expected`;
  }
  const statement = readStatement(payload);
  return statement.ok ? { kind: "statement", statement: statement.value } : statement.problem;
}

/** Every one of these is base64 in a bundle; the reader would take damaged text for shorter bytes. */
const base64Fields = new Set([
  "rawBytes",
  "keyId",
  "signedEntryTimestamp",
  "rootHash",
  "canonicalizedBody",
  "signedTimestamp",
  "digest",
  "signature",
  "payload",
  "sig",
]);

/** Path of the first field that is not base64, or null. */
function badBase64(value: unknown, path: string): string | null {
  if (Array.isArray(value)) return firstOf(value.map((item, at) => [item, `${path}[${at}]`]));
  if (typeof value !== "object" || value === null) return null;
  const wrong = Object.entries(value).find(
    ([key, text]) =>
      base64Fields.has(key) && typeof text === "string" && decodeBase64(text) === null,
  );
  if (wrong !== undefined) return `${path}.${wrong[0]}`;
  return firstOf(Object.entries(value).map(([key, item]) => [item, `${path}.${key}`]));
}

function firstOf(items: readonly (readonly [unknown, string])[]): string | null {
  for (const [item, path] of items) {
    const found = badBase64(item, path);
    if (found !== null) return found;
  }
  return null;
}

/** The libraries throw errors with causes; people need all of it in one line. */
function sentence(error: unknown): string {
  const texts: string[] = [];
  for (let at: unknown = error; at instanceof Error && texts.length < 4; at = at.cause) {
    // What a library trips over says nothing to people.
    const tripped = at instanceof TypeError || at instanceof RangeError;
    texts.push(tripped || at.message === "" ? "it is incomplete or damaged" : at.message);
  }
  return texts.join(": ") || "it is damaged";
}
