import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { TidelockError } from "../model/errors.ts";

/** Ed25519 keys of the ledger: made, sealed for the database, opened, or read from a file. Never printed. */

export interface PrivateKey {
  /** 32 bytes. */
  readonly publicKey: Buffer;
  sign(message: Uint8Array): Buffer;
  /** The same in a thread beside this one: what signs thousands of statements holds nobody up. */
  signBeside(message: Uint8Array): Promise<Buffer>;
  /** PKCS#8, DER, encrypted with AES-256-GCM: nonce (12), ciphertext, tag (16). */
  seal(master: Buffer): Buffer;
}

/** First eight bytes of the public key's SHA-256, hex. */
export function keyIdOf(publicKey: Uint8Array): string {
  return createHash("sha256").update(publicKey).digest("hex").slice(0, 16);
}

export function generateKey(): PrivateKey {
  return privateKey(generateKeyPairSync("ed25519").privateKey);
}

/** @throws TidelockError `digest-mismatch` when it was changed or sealed under another key */
export function unsealKey(master: Buffer, id: string, sealed: Buffer): PrivateKey {
  try {
    const cipher = createDecipheriv("aes-256-gcm", master, sealed.subarray(0, 12));
    cipher.setAAD(Buffer.from(`tidelock ledger key ${id}`));
    cipher.setAuthTag(sealed.subarray(-16));
    const der = Buffer.concat([cipher.update(sealed.subarray(12, -16)), cipher.final()]);
    const key = privateKey(createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
    if (keyIdOf(key.publicKey) === id) return key;
  } catch {
    // Said below; the cause could hold key material.
  }
  throw new TidelockError("digest-mismatch", `the ledger's key ${id} cannot be opened`, {
    where: `ledger_keys ${id}`,
    hint: "it was changed, or sealed under another key file: restore server/ledger.key from a backup",
  });
}

/**
 * Keys given from outside: one or more PKCS#8 PEM blocks, the newest first.
 *
 * @throws TidelockError `invalid-input` when others may read the file or it holds no Ed25519 key
 */
export function readKeyFile(path: string): readonly PrivateKey[] {
  let text: string;
  try {
    const mode = statSync(path).mode & 0o777;
    if ((mode & 0o077) !== 0) {
      throw unusable(path, `others may read it (mode ${mode.toString(8)})`, "chmod 600 it");
    }
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof TidelockError) throw error;
    throw unusable(path, (error as NodeJS.ErrnoException).code ?? "it cannot be read");
  }
  const blocks = text.match(/-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/g) ?? [];
  const keys = blocks.map((block) => {
    try {
      return privateKey(createPrivateKey(block));
    } catch {
      throw unusable(path, "one of its keys is no Ed25519 key");
    }
  });
  if (keys.length > 0) return keys;
  throw unusable(path, "it holds no PKCS#8 private key (PEM)");
}

function unusable(path: string, why: string, hint?: string): TidelockError {
  return new TidelockError("invalid-input", `the key file of the ledger cannot be used: ${why}`, {
    fault: "operator",
    where: path,
    hint: hint ?? "make one: openssl genpkey -algorithm ed25519 -out <file>, mode 0600",
  });
}

function privateKey(key: KeyObject): PrivateKey {
  if (key.asymmetricKeyType !== "ed25519") throw new Error("no Ed25519 key");
  const publicKey = rawPublicKey(createPublicKey(key));
  return {
    publicKey,
    sign: (message) => sign(null, message, key),
    signBeside: (message) =>
      new Promise((resolve, reject) => {
        sign(null, message, key, (error, signature) => {
          if (error) reject(error);
          else resolve(signature);
        });
      }),
    seal(master) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", master, nonce);
      cipher.setAAD(Buffer.from(`tidelock ledger key ${keyIdOf(publicKey)}`));
      const der = key.export({ format: "der", type: "pkcs8" });
      return Buffer.concat([nonce, cipher.update(der), cipher.final(), cipher.getAuthTag()]);
    },
  };
}

/** RFC 8410: the last 32 bytes of the SubjectPublicKeyInfo. */
function rawPublicKey(key: KeyObject): Buffer {
  return key.export({ format: "der", type: "spki" }).subarray(-32);
}

/** PEM (SubjectPublicKeyInfo) of a raw Ed25519 key. */
export function publicKeyPem(publicKey: Uint8Array): string {
  const prefix = Buffer.from("302a300506032b6570032100", "hex");
  const body = Buffer.concat([prefix, publicKey]).toString("base64");
  return `-----BEGIN PUBLIC KEY-----\n${body}\n-----END PUBLIC KEY-----\n`;
}
