import { X509Certificate } from "node:crypto";
import { sameBytes } from "../../bytes.ts";
import { children, context, type Der, DerError, expectTag, inside, oidText, readDer, tags, timeOf } from "./der.ts"; // prettier-ignore

/** A certificate (RFC 5280): what Node reads of it, and what Node keeps to itself. */
export interface Certificate {
  readonly x509: X509Certificate;
  readonly raw: Uint8Array;
  readonly serial: Uint8Array;
  /** Distinguished names as they came: compared byte by byte. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** OID of the issuer's signature. */
  readonly signatureAlgorithm: string;
  readonly extensions: ReadonlyMap<string, { readonly critical: boolean; readonly value: Der }>;
}

/** Throws DerError, or what Node's reader throws. */
export function parseCertificate(raw: Uint8Array): Certificate {
  const [tbs, algorithm] = inside(readDer(raw), tags.sequence);
  const fields = inside(tbs, tags.sequence);
  // Version 1 has no version field, and no extensions either: it cannot say that it may sign code.
  const [serial, , issuer, validity, subject] =
    fields[0]?.tag === context(0) ? fields.slice(1) : fields;
  const [notBefore, notAfter] = inside(validity, tags.sequence);
  return {
    x509: new X509Certificate(Buffer.from(raw)),
    raw,
    serial: expectTag(serial, tags.integer).content,
    issuer: expectTag(issuer, tags.sequence).raw,
    subject: expectTag(subject, tags.sequence).raw,
    notBefore: timeOf(notBefore),
    notAfter: timeOf(notAfter),
    signatureAlgorithm: oidText(inside(algorithm, tags.sequence)[0]),
    extensions: extensionsOf(fields.find(({ tag }) => tag === context(3))),
  };
}

/** One PEM certificate. */
export function parsePem(pem: string): Certificate {
  return parseCertificate(new X509Certificate(pem).raw);
}

function extensionsOf(field: Der | undefined): Certificate["extensions"] {
  const found = new Map<string, { critical: boolean; value: Der }>();
  if (field === undefined) return found;
  for (const one of inside(children(field)[0], tags.sequence)) {
    const [oid, ...rest] = inside(one, tags.sequence);
    const name = oidText(oid);
    if (found.has(name)) throw new DerError("it has one extension twice");
    const critical = rest[0]?.tag === tags.boolean && rest[0].content[0] !== 0;
    found.set(name, {
      critical,
      value: readDer(expectTag(rest.at(-1), tags.octetString).content),
    });
  }
  return found;
}

export const extension = {
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  policies: "2.5.29.32",
  extendedKeyUsage: "2.5.29.37",
} as const;

/** Whether it may sign certificates, and how many below the next one. */
export function authorityOf(certificate: Certificate): { ca: boolean; pathLength: number } {
  const found = certificate.extensions.get(extension.basicConstraints);
  const [ca, length] = found === undefined ? [] : inside(found.value, tags.sequence);
  const isCa = ca?.tag === tags.boolean && ca.content[0] === 0xff;
  const bytes = length === undefined ? null : expectTag(length, tags.integer).content;
  const pathLength = bytes?.reduce((sum, byte) => sum * 256 + byte, 0) ?? Infinity;
  return { ca: isCa, pathLength };
}

/** Bits of KeyUsage as RFC 5280 numbers them; null when the extension is absent. */
export function keyUsageOf(certificate: Certificate): ((bit: number) => boolean) | null {
  const found = certificate.extensions.get(extension.keyUsage);
  if (found === undefined) return null;
  const [, ...bytes] = expectTag(found.value, tags.bitString).content;
  return (bit) => (((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) === 1;
}

export function extendedKeyUsageOf(certificate: Certificate): readonly string[] | null {
  const found = certificate.extensions.get(extension.extendedKeyUsage);
  return found === undefined ? null : inside(found.value, tags.sequence).map(oidText);
}

export function sameCertificate(a: Certificate, b: Certificate): boolean {
  return sameBytes(a.raw, b.raw);
}

/** `["O=Acme", "CN=Acme Release"]`: one attribute a line, specials escaped by Node (RFC 2253). */
export function subjectLines(certificate: Certificate): readonly string[] {
  return certificate.x509.subject.split("\n").filter((line) => line !== "");
}
