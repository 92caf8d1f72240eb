import { sameBytes } from "../../bytes.ts";
import { bad, good, type Result } from "../../result.ts";
import { authorityOf, type Certificate, extendedKeyUsageOf, extension, keyUsageOf, sameCertificate } from "./certificate.ts"; // prettier-ignore

/** Paths of certificates (RFC 5280 section 6, without policies, name constraints and revocation). */

export const purposes = {
  codeSigning: "1.3.6.1.5.5.7.3.3",
  timeStamping: "1.3.6.1.5.5.7.3.8",
} as const;
export type Purpose = keyof typeof purposes;

const anyPurpose = "2.5.29.37.0";

/** Signatures that are still worth something: RSA, ECDSA with SHA-2, Ed25519. */
const strongSignatures = new Set([
  "1.2.840.113549.1.1.10",
  "1.2.840.113549.1.1.11",
  "1.2.840.113549.1.1.12",
  "1.2.840.113549.1.1.13",
  "1.2.840.10045.4.3.2",
  "1.2.840.10045.4.3.3",
  "1.2.840.10045.4.3.4",
  "1.3.101.112",
]);

/** What is understood here; anything else that is critical ends the path, as the RFC wants. */
const understood: ReadonlySet<string> = new Set(Object.values(extension));

/** Longer paths exist nowhere. */
const maxPath = 8;

export interface Anchors {
  readonly roots: readonly Certificate[];
  /** From the signature or the policy: they help to find a path and are trusted for nothing. */
  readonly others: readonly Certificate[];
}

/**
 * Whether `leaf` was made for `purpose` and leads to one of the roots, every certificate on the way being
 * valid at `time`. A revocation list is not asked for: offline there is none.
 */
export function verifyChain(
  leaf: Certificate,
  anchors: Anchors,
  purpose: Purpose,
  time: Date,
): Result<readonly Certificate[]> {
  const unfit = leafProblem(leaf, purpose) ?? generalProblem(leaf, time);
  if (unfit !== null) return bad(`the signer's certificate ${unfit}`);
  const problems: string[] = [];
  const path = extend([leaf], anchors, purpose, time, problems);
  return path === null
    ? bad(problems[0] ?? "the signer's certificate leads to none of the trusted roots")
    : good(path);
}

function leafProblem(leaf: Certificate, purpose: Purpose): string | null {
  const extended = extendedKeyUsageOf(leaf);
  if (extended === null || !extended.includes(purposes[purpose])) return `is not for ${purpose}`;
  // RFC 3161 section 2.3: a time-stamping certificate is for nothing else, and says so critically.
  const critical = leaf.extensions.get(extension.extendedKeyUsage)?.critical === true;
  if (purpose === "timeStamping" && (extended.length !== 1 || !critical)) {
    return "is for more than time-stamping";
  }
  const usage = keyUsageOf(leaf);
  if (usage !== null && !usage(0) && !usage(1)) return "may not sign anything";
  return null;
}

function generalProblem(certificate: Certificate, time: Date): string | null {
  const at = time.toISOString();
  if (time < certificate.notBefore) return `is not valid yet at ${at}`;
  if (time > certificate.notAfter) return `is not valid any more at ${at}`;
  for (const [oid, { critical }] of certificate.extensions) {
    if (critical && !understood.has(oid))
      return `has a critical extension ${oid} that is not known`;
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails } = certificate.x509.publicKey;
  if (type?.startsWith("rsa") && (asymmetricKeyDetails?.modulusLength ?? 0) < 2_048) {
    return "has an RSA key of less than 2048 bits";
  }
  return null;
}

/** Depth first; `path` grows from the leaf upwards. */
function extend(
  path: readonly Certificate[],
  anchors: Anchors,
  purpose: Purpose,
  time: Date,
  problems: string[],
): readonly Certificate[] | null {
  const last = path.at(-1);
  if (last === undefined || path.length > maxPath) return null;
  if (anchors.roots.some((root) => sameCertificate(root, last))) return path;
  if (!strongSignatures.has(last.signatureAlgorithm)) {
    problems.push("a certificate on the way is signed with a weak algorithm");
    return null;
  }
  for (const issuer of [...anchors.roots, ...anchors.others]) {
    if (!sameBytes(issuer.subject, last.issuer) || path.some((one) => sameCertificate(one, issuer)))
      continue;
    if (!last.x509.verify(issuer.x509.publicKey)) continue;
    const problem = issuerProblem(issuer, path, purpose) ?? generalProblem(issuer, time);
    if (problem !== null) {
      problems.push(`the issuer's certificate ${problem}`);
      continue;
    }
    const whole = extend([...path, issuer], anchors, purpose, time, problems);
    if (whole !== null) return whole;
  }
  return null;
}

function issuerProblem(
  issuer: Certificate,
  below: readonly Certificate[],
  purpose: Purpose,
): string | null {
  const { ca, pathLength } = authorityOf(issuer);
  if (!ca) return "belongs to no authority";
  if (below.length - 1 > pathLength) return "allows fewer certificates below it";
  const usage = keyUsageOf(issuer);
  if (usage !== null && !usage(5)) return "may not sign certificates";
  const extended = extendedKeyUsageOf(issuer);
  const fits = extended?.some((oid) => oid === purposes[purpose] || oid === anyPurpose) ?? true;
  return fits ? null : `is not for ${purpose}`;
}
