import { concat } from "../bytes.ts";
import { bad, good, type Result } from "../result.ts";
import { WireError } from "../ssh/wire.ts";
import { boundUntil, type Certificate, certificateText, endOf, readCertificateText } from "./certificate.ts"; // prettier-ignore
import { dearmour, type Packet, readPackets, tags } from "./packets.ts";
import { fingerprintOf, keyHead, type PgpKey, readPgpKey } from "./public-key.ts";
import { maySign, type PgpSignature, readPgpSignature, signatureTypes } from "./signature.ts";

/** Whether text is meant to be an OpenPGP certificate as `gpg --armor --export` writes it. */
export function isArmouredCertificate(text: string): boolean {
  return /^\s*-----BEGIN PGP /.test(text);
}

/** Of the armour. */
export const maxCertificateChars = 60_000;

/** Keys by which hosts sign what is done on their pages: they are nobody's. */
const hostsKeys = /<noreply@github\.com>/i;

/**
 * Reads a certificate that somebody enrols. What it says of itself counts where its primary key has signed it by SHA-256
 * or better; what third parties say of it does not. Designated revokers are not asked.
 *
 * @param now milliseconds since 1970
 */
export function readCertificate(armoured: string, now: number): Result<Certificate> {
  if (armoured.length > maxCertificateChars) {
    return bad(
      `it is longer than ${maxCertificateChars} characters: gpg --armor --export-options export-minimal --export leaves out what others signed`,
    );
  }
  if (/BEGIN PGP PRIVATE KEY/.test(armoured))
    return bad("this is a private key: keep it to yourself");
  const bytes = dearmour(armoured, "PUBLIC KEY BLOCK");
  if (bytes === null) return bad("this is not one certificate as `gpg --armor --export` writes it");
  try {
    return fromPackets(readPackets(bytes), now);
  } catch (error) {
    if (error instanceof WireError) return bad(`this certificate cannot be read: ${error.message}`);
    throw error;
  }
}

interface Part {
  readonly packet: Packet;
  readonly signatures: readonly { readonly packet: Packet; readonly read: PgpSignature }[];
}

function fromPackets(packets: readonly Packet[], now: number): Result<Certificate> {
  if (packets.some(({ tag }) => tag === tags.secretKey || tag === tags.secretSubkey)) {
    return bad("it holds a private key: keep that to yourself");
  }
  const [first, ...others] = partsOf(packets);
  if (first?.packet.tag !== tags.publicKey) return bad("it begins with something else than a key");
  if (others.some(({ packet }) => packet.tag === tags.publicKey)) {
    return bad("it holds several certificates: export one");
  }
  const primary = readPgpKey(first.packet.body);
  const signatures = [first, ...others].reduce(
    (sum, part) => sum + maybeBy(part, primary).length,
    0,
  );
  if (signatures > mostTried) {
    return bad(
      `it has ${signatures} signatures of its own key: at most ${mostTried} are looked at`,
    );
  }
  const own = signedOver(first, primary, keyHead(primary.body));
  if (own.some(({ type }) => type === signatureTypes.keyRevocation)) {
    return bad(`its owner has revoked it (${primary.fingerprint})`);
  }
  const said = selfOf(primary, own, others);
  if (!said.ok) return said;
  const { ends, primarySigns } = said.value;
  const subkeys = others.filter(({ packet }) => packet.tag === tags.publicSubkey);
  const revoked: string[] = [];
  const bound: { key: PgpKey; binding: Packet; until: number }[] = [];
  for (const part of subkeys) {
    const found = subkeyIn(part, primary);
    if (found === "revoked") revoked.push(fingerprintOf(part.packet.body));
    else if (found !== null) bound.push(found);
  }
  const untils = [
    ...(primarySigns ? [ends] : []),
    ...bound.map(({ until }) => Math.min(until, ends)),
  ];
  if (untils.length === 0)
    return bad("no key in it may sign: it has none for that, or none that counts");
  if (untils.every((until) => until <= now))
    return bad("every key in it that may sign has expired");
  return readCertificateText(
    certificateText(primary, bound, {
      expires: ends === Infinity ? null : new Date(ends).toISOString(),
      primarySigns,
      revoked: revoked.toSorted(),
    }),
  );
}

/** Each key and each user id with the signatures behind it that can be read. */
function partsOf(packets: readonly Packet[]): readonly Part[] {
  const parts: { packet: Packet; signatures: { packet: Packet; read: PgpSignature }[] }[] = [];
  const known = new Set<number>([
    tags.publicKey,
    tags.publicSubkey,
    tags.userId,
    tags.userAttribute,
  ]);
  for (const packet of packets) {
    if (known.has(packet.tag)) parts.push({ packet, signatures: [] });
    if (packet.tag !== tags.signature) continue;
    const read = unlessUnknown(() => readPgpSignature(packet.body));
    if (read !== null) parts.at(-1)?.signatures.push({ packet, read });
  }
  return parts;
}

/** Of the signatures behind a part those that this key has made over these bytes. */
function signedOver(part: Part, key: PgpKey, data: Uint8Array): readonly PgpSignature[] {
  return maybeBy(part, key).filter((read) => read.isBy(key, data));
}

/** Those that this key may have made, by their own word. */
function maybeBy({ signatures }: Part, { fingerprint }: PgpKey): readonly PgpSignature[] {
  return signatures
    .map(({ read }) => read)
    .filter(({ issuer }) => issuer === null || fingerprint.endsWith(issuer));
}

/** Of a certificate: each costs up to some ten milliseconds, and a server serves nobody else meanwhile. */
const mostTried = 100;

/**
 * What the primary key says of itself: in its newest signature over the key, and in the newest over a user id that it has
 * not taken back. Where both speak, the key ends with the earlier one.
 */
function selfOf(
  primary: PgpKey,
  own: readonly PgpSignature[],
  others: readonly Part[],
): Result<{ readonly ends: number; readonly primarySigns: boolean }> {
  const ids = others.filter(({ packet }) => packet.tag === tags.userId);
  if (ids.some(({ packet }) => hostsKeys.test(new TextDecoder().decode(packet.body)))) {
    return bad(
      "it is a git host's own key: it shows that the host made a commit, and not for whom",
    );
  }
  const ofIds = ids.flatMap((part) => {
    const { body } = part.packet;
    const head = new Uint8Array(5);
    head[0] = 0xb4;
    new DataView(head.buffer).setUint32(1, body.length);
    const all = signedOver(part, primary, concat(keyHead(primary.body), head, body));
    const newest = newestOf(all.filter(({ type }) => signatureTypes.certifications.some((one) => one === type))); // prettier-ignore
    const back = newestOf(
      all.filter(({ type }) => type === signatureTypes.certificationRevocation),
    );
    return newest && (!back || back.createdAt < newest.createdAt) ? [newest] : [];
  });
  const direct = newestOf(own.filter(({ type }) => type === signatureTypes.directKey));
  const said = [direct, newestOf(ofIds)].filter((one) => one !== null);
  if (said.length === 0) {
    return bad(
      "it has no signature of its own key over itself by SHA-256 or better: change its expiry once, with a new gpg",
    );
  }
  return good({
    ends: Math.min(
      ...said.flatMap((one) => [
        endOf(primary.createdAt, one.keyLasts),
        endOf(one.createdAt, one.lasts),
      ]),
    ),
    primarySigns: said.some(({ flags }) => ((flags ?? 0) & maySign) !== 0),
  });
}

function subkeyIn(
  part: Part,
  primary: PgpKey,
): { readonly key: PgpKey; readonly binding: Packet; readonly until: number } | "revoked" | null {
  const { body } = part.packet;
  const both = concat(keyHead(primary.body), keyHead(body));
  const own = signedOver(part, primary, both);
  if (own.some(({ type }) => type === signatureTypes.subkeyRevocation)) return "revoked";
  // Those that encrypt are of other kinds, and none of ours.
  const key = unlessUnknown(() => readPgpKey(body));
  if (key === null) return null;
  const newest = newestOf(own.filter(({ type }) => type === signatureTypes.subkeyBinding));
  const until = newest && unlessUnknown(() => boundUntil(primary, key, newest));
  const binding = part.signatures.find(({ read }) => read === newest)?.packet;
  return until === null || binding === undefined ? null : { key, binding, until };
}

function newestOf(all: readonly PgpSignature[]): PgpSignature | null {
  return all.toSorted((a, b) => b.createdAt - a.createdAt)[0] ?? null;
}

function unlessUnknown<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}
