import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { canonicalJson } from "../../model/canonical.ts";
import { TidelockError } from "../../model/errors.ts";
import { type Lane, laneKey } from "../../model/primitives.ts";

/** Which secret this is. It is authenticated with the value, so that no ciphertext passes for another one. */
export interface SecretPlace {
  readonly lane: Lane;
  readonly name: string;
  readonly version: number;
}

const algorithm = "aes-256-gcm";
const nonceBytes = 12;
const tagBytes = 16;

/** AES-256-GCM (NIST SP 800-38D) with a random nonce: nonce, ciphertext, tag. */
export function seal(key: Buffer, place: SecretPlace, value: string): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce).setAAD(associated(place));
  return Buffer.concat([nonce, cipher.update(value, "utf8"), cipher.final(), cipher.getAuthTag()]);
}

/** @throws TidelockError `digest-mismatch` for anything but what `seal` gave for this key and place */
export function unseal(key: Buffer, place: SecretPlace, sealed: Buffer): string {
  if (sealed.length >= nonceBytes + tagBytes) {
    const tag = sealed.subarray(-tagBytes);
    const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(associated(place)).setAuthTag(tag);
    try {
      const value = decipher.update(sealed.subarray(nonceBytes, -tagBytes));
      return Buffer.concat([value, decipher.final()]).toString("utf8");
    } catch {
      // Said below, without a cause: nothing of the content belongs into an error.
    }
  }
  throw new TidelockError("digest-mismatch", `the stored secret ${describe(place)} was changed`, {
    where: describe(place),
    hint: "restore the database from a backup, or set the secret again",
  });
}

/** Names a key without telling anything about it. */
export function keyId(key: Buffer): string {
  return createHash("sha256")
    .update("tidelock secret key\0")
    .update(key)
    .digest("hex")
    .slice(0, 16);
}

/** `shop/production DATABASE_PASSWORD version 3`. */
export function describe({ lane, name, version }: SecretPlace): string {
  return `${laneKey(lane)} ${name} version ${version}`;
}

function associated(place: SecretPlace): Buffer {
  const { lane, name, version } = place;
  return Buffer.from(
    canonicalJson({ kind: "tidelock.secret.v1", lane: laneKey(lane), name, version }),
  );
}
