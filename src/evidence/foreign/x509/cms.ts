import { createHash, type KeyObject, verify } from "node:crypto";
import { concat, sameBytes } from "../../bytes.ts";
import { bad, good, type Result } from "../../result.ts";
import { type Certificate, parseCertificate } from "./certificate.ts";
import { children, context, type Der, DerError, expectTag, inside, oidText, readDer, tags } from "./der.ts"; // prettier-ignore

/** CMS SignedData (RFC 5652) with one signer: code signatures and time-stamp tokens are both of this form. */

const oids = {
  signedData: "1.2.840.113549.1.7.2",
  contentType: "1.2.840.113549.1.9.3",
  messageDigest: "1.2.840.113549.1.9.4",
} as const;

const hashes: Readonly<Record<string, "sha256" | "sha384" | "sha512">> = {
  "2.16.840.1.101.3.4.2.1": "sha256",
  "2.16.840.1.101.3.4.2.2": "sha384",
  "2.16.840.1.101.3.4.2.3": "sha512",
};

/** Signature algorithm to the hash that it fixes; null where the digest algorithm says it, `ed` where none is. */
const signatures: Readonly<Record<string, "sha256" | "sha384" | "sha512" | "ed" | null>> = {
  "1.2.840.113549.1.1.1": null,
  "1.2.840.113549.1.1.11": "sha256",
  "1.2.840.113549.1.1.12": "sha384",
  "1.2.840.113549.1.1.13": "sha512",
  "1.2.840.10045.4.3.2": "sha256",
  "1.2.840.10045.4.3.3": "sha384",
  "1.2.840.10045.4.3.4": "sha512",
  "1.3.101.112": "ed",
};

export interface SignedData {
  /** OID of what is signed. */
  readonly contentType: string;
  /** The content itself when it is inside; null for a detached signature. */
  readonly content: Uint8Array | null;
  readonly certificates: readonly Certificate[];
  readonly hash: "sha256" | "sha384" | "sha512";
  /** Over the content, as the signed attributes state it. */
  readonly messageDigest: Uint8Array;
  readonly signature: Uint8Array;
  readonly signedAttributes: ReadonlyMap<string, readonly Der[]>;
  readonly unsignedAttributes: ReadonlyMap<string, readonly Der[]>;
  /** Whether `key` made the signature over the signed attributes. */
  readonly signedBy: (key: KeyObject) => boolean;
  /** Whether this certificate is the one that the signer names. */
  readonly names: (certificate: Certificate) => boolean;
}

/** Hashes `bytes` as the signed data does. */
export function hashBytes(hash: SignedData["hash"], bytes: Uint8Array): Uint8Array {
  return createHash(hash).update(bytes).digest();
}

export function hashOf(algorithm: Der | undefined): SignedData["hash"] {
  const hash = hashes[oidText(inside(algorithm, tags.sequence)[0])];
  if (hash === undefined) throw new DerError("it uses a hash other than SHA-2");
  return hash;
}

/** Throws DerError for whatever is no CMS SignedData with exactly one signer and signed attributes. */
export function parseSignedData(der: Uint8Array): SignedData {
  const [type, explicit] = inside(readDer(der), tags.sequence);
  if (oidText(type) !== oids.signedData) throw new DerError("it is no signed data");
  const [content] = inside(explicit, context(0));
  const fields = inside(content, tags.sequence);
  const [contentType, wrapped] = inside(fields[2], tags.sequence);
  const certificates = fields.find(({ tag }) => tag === context(0));
  const signers = inside(fields.at(-1), tags.set);
  if (signers.length !== 1) throw new DerError("exactly one signer is expected");
  const info = inside(signers[0], tags.sequence);
  const [, sid, digestAlgorithm, signed, signatureAlgorithm, signature] = info;
  const hash = hashOf(digestAlgorithm);
  const attributes = attributesOf(expectTag(signed, context(0)));
  const stated = single(attributes, oids.contentType);
  if (oidText(stated) !== oidText(contentType)) throw new DerError("it signs another content type");
  // The attributes are signed as a SET; inside the structure they carry another tag (RFC 5652, 5.4).
  const attributeBytes = concat(Uint8Array.of(tags.set), signed!.raw.subarray(1));
  const signatureBytes = expectTag(signature, tags.octetString).content;
  const algorithm = oidText(inside(signatureAlgorithm, tags.sequence)[0]);
  return {
    contentType: oidText(contentType),
    content:
      wrapped === undefined
        ? null
        : expectTag(inside(wrapped, context(0))[0], tags.octetString).content,
    certificates: (certificates === undefined ? [] : children(certificates)).flatMap(
      ({ tag, raw }) => (tag === tags.sequence ? [parseCertificate(raw)] : []),
    ),
    hash,
    messageDigest: expectTag(single(attributes, oids.messageDigest), tags.octetString).content,
    signature: signatureBytes,
    signedAttributes: attributes,
    unsignedAttributes: attributesOf(info.slice(6).find(({ tag }) => tag === context(1))),
    signedBy: (key) => verifySignature(algorithm, hash, attributeBytes, key, signatureBytes),
    names: (certificate) => namesSigner(sid, certificate),
  };
}

/** The certificate that the signer names and whose key made the signature. */
export function signerOf(signed: SignedData, others: readonly Certificate[]): Result<Certificate> {
  const named = [...signed.certificates, ...others].find(signed.names);
  if (named === undefined) return bad("the signer's certificate is not there");
  return signed.signedBy(named.x509.publicKey)
    ? good(named)
    : bad("the signature does not belong to the signer's certificate");
}

function verifySignature(
  algorithm: string,
  hash: SignedData["hash"],
  bytes: Uint8Array,
  key: KeyObject,
  signature: Uint8Array,
): boolean {
  const fixed = signatures[algorithm];
  if (fixed === undefined) throw new DerError(`its signature algorithm ${algorithm} is not known`);
  const type = key.asymmetricKeyType;
  const fits =
    fixed === "ed"
      ? type === "ed25519"
      : type === (algorithm.startsWith("1.2.840.10045") ? "ec" : "rsa");
  return fits && verify(fixed === "ed" ? null : (fixed ?? hash), bytes, key, signature);
}

function attributesOf(field: Der | undefined): ReadonlyMap<string, readonly Der[]> {
  const found = new Map<string, readonly Der[]>();
  for (const attribute of field === undefined ? [] : children(field)) {
    const [type, values] = inside(attribute, tags.sequence);
    const name = oidText(type);
    if (found.has(name)) throw new DerError("it has one attribute twice");
    found.set(name, inside(values, tags.set));
  }
  return found;
}

function single(attributes: ReadonlyMap<string, readonly Der[]>, oid: string): Der {
  const [value, ...more] = attributes.get(oid) ?? [];
  if (value === undefined || more.length > 0) throw new DerError("a signed attribute is missing");
  return value;
}

const subjectKeyIdentifier = "2.5.29.14";

function namesSigner(sid: Der | undefined, certificate: Certificate): boolean {
  if (sid?.tag === tags.sequence) {
    const [issuer, serial] = children(sid);
    return (
      issuer !== undefined &&
      serial !== undefined &&
      sameBytes(issuer.raw, certificate.issuer) &&
      sameBytes(serial.content, certificate.serial)
    );
  }
  const identifier = certificate.extensions.get(subjectKeyIdentifier)?.value.content;
  return sid?.tag === 0x80 && identifier !== undefined && sameBytes(sid.content, identifier);
}
