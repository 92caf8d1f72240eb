import { p256, p384, p521 } from "@noble/curves/nist.js";
import { hexToBytes } from "@noble/hashes/utils.js";
import { isUsableKey, sha256, verifyEd25519 } from "../../ledger/crypto.ts";
import type { Digest } from "../../model/primitives.ts";
import { concat, decodeBase64, digestBytes, encodeBase64, sameBytes, utf8 } from "../bytes.ts";
import { publicKeyFromSpki } from "../keys.ts";
import { bad, good, type Result } from "../result.ts";
import { isRsaScheme, verifyRsa } from "./rsa.ts";
import { WireError, WireReader } from "./wire.ts";

/** A public key as OpenSSH has them, which can verify what `ssh-keygen -Y sign` and git make. */
export interface SshKey {
  readonly type: string;
  /**
   * Where the key may also stand in PEM (Ed25519, ECDSA P-256 and P-384), the id that it has there: one key is one key,
   * however it is spelled. Else the SHA-256 of the key as OpenSSH writes it.
   */
  readonly id: Digest;
  /** `SHA256:…`, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
  /** Type and key, without a comment: that often names somebody. */
  readonly text: string;
  /** Never throws. `signature`: the blob with its format inside (RFC 4253 §6.6, PROTOCOL.u2f). */
  verify(message: Uint8Array, signature: Uint8Array): boolean;
}

type Verify = (reader: WireReader, scheme: string, message: Uint8Array) => boolean;

interface Kind {
  /** DER before the key in its SubjectPublicKeyInfo, where PEM keys of this kind are known here. */
  readonly spki?: string;
  read(reader: WireReader): { readonly point: Uint8Array; readonly verify: Verify };
}

const ed25519: Kind = {
  spki: "302a300506032b6570032100",
  read(reader) {
    const point = edwardsPoint(reader.string());
    return {
      point,
      verify: (sign, scheme, message) =>
        scheme === "ssh-ed25519" && verifyEd25519(point, message, sign.string()),
    };
  },
};

const curves = {
  nistp256: {
    curve: p256,
    bytes: 32,
    spki: "3059301306072a8648ce3d020106082a8648ce3d030107034200",
  },
  nistp384: { curve: p384, bytes: 48, spki: "3076301006072a8648ce3d020106052b81040022036200" },
  nistp521: { curve: p521, bytes: 66, spki: undefined },
} as const;

function ecdsa(name: keyof typeof curves): Kind {
  const { spki } = curves[name];
  return {
    ...(spki === undefined ? {} : { spki }),
    read(reader) {
      const point = curvePoint(name, reader);
      return {
        point,
        verify: (sign, scheme, message) =>
          scheme === `ecdsa-sha2-${name}` && verifyEcdsa(name, point, message, sign.string()),
      };
    },
  };
}

const rsa: Kind = {
  read(reader) {
    const exponent = reader.mpint(8);
    const modulus = reader.string();
    const digits = modulus[0] === 0 ? modulus.subarray(1) : modulus;
    if (exponent.reduce((sum, byte) => sum * 256 + byte, 0) !== 65_537) {
      throw new WireError("its exponent is not 65537");
    }
    if ((modulus[0] ?? 0) >= 0x80 || digits.length < 256 || digits.length > 1_024) {
      throw new WireError("RSA keys have 2048 to 8192 bits");
    }
    return {
      point: digits,
      verify: (sign, scheme, message) =>
        isRsaScheme(scheme) && verifyRsa(scheme, digits, message, sign.string()),
    };
  },
};

/** A key in a security token (PROTOCOL.u2f): somebody has touched it, else it is no signature here. */
function inToken(type: string, inner: (reader: WireReader) => [Uint8Array, Verify]): Kind {
  return {
    read(reader) {
      const [point, verifyInner] = inner(reader);
      const application = sha256(reader.string());
      return {
        point,
        verify(sign, scheme, message) {
          if (scheme !== type) return false;
          const body = sign.string();
          const flags = sign.take(1);
          const counter = sign.take(4);
          const present = ((flags[0] ?? 0) & 1) === 1;
          const signed = concat(application, flags, counter, sha256(message));
          return present && verifyInner(new WireReader(body), "", signed);
        },
      };
    },
  };
}

const tokenEd25519 = "sk-ssh-ed25519@openssh.com";
const tokenEcdsa = "sk-ecdsa-sha2-nistp256@openssh.com";

const kinds: ReadonlyMap<string, Kind> = new Map([
  ["ssh-ed25519", ed25519],
  ["ecdsa-sha2-nistp256", ecdsa("nistp256")],
  ["ecdsa-sha2-nistp384", ecdsa("nistp384")],
  ["ecdsa-sha2-nistp521", ecdsa("nistp521")],
  ["ssh-rsa", rsa],
  [
    tokenEd25519,
    inToken(tokenEd25519, (reader) => {
      const point = edwardsPoint(reader.string());
      return [point, (sign, _, message) => verifyEd25519(point, message, restOf(sign, 64))];
    }),
  ],
  [
    tokenEcdsa,
    inToken(tokenEcdsa, (reader) => {
      const point = curvePoint("nistp256", reader);
      return [point, (sign, _, message) => verifyNumbers("nistp256", point, message, sign)];
    }),
  ],
]);

/** Whether text is meant to be an OpenSSH public key. */
export function isSshKey(text: string): boolean {
  return /^\s*(ssh|ecdsa|sk)-[a-z0-9@.-]+[ \t]/.test(text);
}

/** One line as a `.pub` file has it; options before and a comment behind are not read. */
export function readSshKey(text: string): Result<SshKey> {
  const [, type = "", body = ""] =
    /^\s*([a-z0-9@.-]{1,64})[ \t]+([A-Za-z0-9+/]{16,4096}={0,2})([ \t][^\r\n]{0,1000})?\s*$/.exec(
      text,
    ) ?? [];
  const blob = body === "" ? null : decodeBase64(body);
  if (blob === null)
    return bad("this is not one line of an OpenSSH public key (`ssh-ed25519 AAAA…`)");
  const key = sshKeyFromBlob(blob);
  if (key.ok && key.value.type !== type)
    return bad(`it calls itself ${type} and is ${key.value.type}`);
  return key;
}

/** The same from the key's own encoding (RFC 4253 §6.6). */
export function sshKeyFromBlob(blob: Uint8Array): Result<SshKey> {
  try {
    const reader = new WireReader(blob);
    const type = reader.name();
    const kind = kinds.get(type);
    if (!kind)
      return bad(`keys of the kind ${JSON.stringify(type.slice(0, 64))} are not known here`);
    const { point, verify } = kind.read(reader);
    reader.end();
    return good({
      type,
      id: idOf(kind, point) ?? digestBytes(blob),
      fingerprint: `SHA256:${encodeBase64(sha256(blob)).replace(/=+$/, "")}`,
      text: `${type} ${encodeBase64(blob)}`,
      verify: (message, signature) => attempt(verify, message, signature),
    });
  } catch (error) {
    if (error instanceof WireError) return bad(`this SSH key cannot be read: ${error.message}`);
    return bad("this SSH key is not a point of its curve");
  }
}

function idOf({ spki }: Kind, point: Uint8Array): Digest | null {
  if (spki === undefined) return null;
  const key = publicKeyFromSpki(concat(hexToBytes(spki), point));
  return key.ok ? (key.value.id as Digest) : null;
}

function attempt(verify: Verify, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    const reader = new WireReader(signature);
    const answer = verify(reader, reader.name(), message);
    reader.end();
    return answer;
  } catch {
    return false;
  }
}

function edwardsPoint(raw: Uint8Array): Uint8Array {
  // A key of small order "verifies" signatures that nobody made.
  if (!isUsableKey(raw)) throw new WireError("it is no usable point of its curve");
  return raw;
}

function curvePoint(name: keyof typeof curves, reader: WireReader): Uint8Array {
  if (!sameBytes(reader.string(), utf8(name))) throw new WireError("its curve is another one");
  const raw = reader.string();
  if (raw[0] !== 4) throw new WireError("its point is not written out");
  return curves[name].curve.Point.fromBytes(raw).toBytes(false);
}

function verifyEcdsa(
  name: keyof typeof curves,
  point: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  return verifyNumbers(name, point, message, new WireReader(signature));
}

/** r and s (RFC 5656 §3.1.2). A high s is as good to others as a low one. */
function verifyNumbers(
  name: keyof typeof curves,
  point: Uint8Array,
  message: Uint8Array,
  sign: WireReader,
): boolean {
  const { curve, bytes } = curves[name];
  const compact = concat(sign.mpint(bytes), sign.mpint(bytes));
  sign.end();
  return curve.verify(compact, message, point, { lowS: false, format: "compact" });
}

function restOf(sign: WireReader, length: number): Uint8Array {
  const taken = sign.take(length);
  sign.end();
  return taken;
}
