import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { concat, decodeBase64, decodeUtf8, sameBytes, utf8 } from "../bytes.ts";
import { bad, type Result } from "../result.ts";
import { sshKeyFromBlob, type SshKey } from "./ssh-key.ts";
import { WireError, WireReader, wireString } from "./wire.ts";

const hashes: ReadonlyMap<string, (message: Uint8Array) => Uint8Array> = new Map([
  ["sha256", (message: Uint8Array): Uint8Array => sha256(message)],
  ["sha512", (message: Uint8Array): Uint8Array => sha512(message)],
]);

const armour =
  /^-----BEGIN SSH SIGNATURE-----\r?\n([A-Za-z0-9+/=\r\n]{1,20000})-----END SSH SIGNATURE-----\s*$/;

/**
 * Which key has signed a message, by a signature of `ssh-keygen -Y sign` (PROTOCOL.sshsig). Whose key that is, is for the
 * caller to know: the signature names it itself.
 *
 * @param namespace what it was signed for; one for something else is refused
 */
export function verifySshSignature(
  armoured: string,
  namespace: string,
  message: Uint8Array,
): Result<SshKey> {
  const body = armour.exec(armoured)?.[1]?.replace(/[\r\n]/g, "");
  const bytes = body === undefined ? null : decodeBase64(body);
  if (bytes === null) return bad("this is not an SSH signature");
  try {
    const reader = new WireReader(bytes);
    if (!sameBytes(reader.take(6), utf8("SSHSIG"))) return bad("this is not an SSH signature");
    if (reader.uint32() !== 1) return bad("this SSH signature has a version that is not known");
    const key = sshKeyFromBlob(reader.string());
    const used = reader.string();
    const reserved = reader.string();
    const algorithm = reader.string();
    const signature = reader.string();
    reader.end();
    if (!key.ok) return key;
    if (!sameBytes(used, utf8(namespace))) {
      return bad(`it was signed for ${JSON.stringify(decodeUtf8(used)?.slice(0, 40) ?? "")}`);
    }
    const hash = hashes.get(decodeUtf8(algorithm) ?? "");
    if (!hash) return bad("its hash is not known: sha256 and sha512 are");
    const signed = concat(
      utf8("SSHSIG"),
      wireString(used),
      wireString(reserved),
      wireString(algorithm),
      wireString(hash(message)),
    );
    return key.value.verify(signed, signature)
      ? key
      : bad(`the signature of the key ${key.value.fingerprint} is not of these bytes`);
  } catch (error) {
    if (error instanceof WireError)
      return bad(`the SSH signature cannot be read: ${error.message}`);
    throw error;
  }
}
