import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { isKeyName, type NoteKey, noteKey, noteKeyTypes } from "../ledger/note.ts";
import { TidelockError } from "../model/errors.ts";
import type { Signer } from "../ports/signer.ts";
import { writeDurably } from "../store/durable-file.ts";

/** Who a witness is: name and key, made at its first start and kept in its state folder. */
export interface Identity extends Signer {
  readonly key: NoteKey;
}

const NameFile = z.strictObject({
  formatVersion: z.literal(1),
  name: z.string().refine(isKeyName),
});

/**
 * @param name what it is called from the first start on; later it may be left out
 * @throws TidelockError `conflict` when it has another name already, `invalid-input` for files that are not its own
 */
export function openIdentity(folder: string, name: string | undefined): Identity {
  const keyFile = join(folder, "key.pem");
  const nameFile = join(folder, "witness.json");
  if (!existsSync(keyFile)) {
    // The name first: a key without one would get another name at the next start.
    const chosen = name ?? `tidelock-witness/${randomBytes(8).toString("hex")}`;
    if (!isKeyName(chosen)) {
      throw unusable(
        `${JSON.stringify(chosen)} cannot be a witness's name`,
        "--name",
        "no spaces and no plus sign",
      );
    }
    if (!existsSync(nameFile) || name !== undefined) {
      writeDurably(nameFile, `${JSON.stringify({ formatVersion: 1, name: chosen })}\n`);
    }
    const { privateKey } = generateKeyPairSync("ed25519");
    writeDurably(keyFile, privateKey.export({ format: "pem", type: "pkcs8" }).toString());
  }
  const known = readName(nameFile);
  if (name !== undefined && name !== known) {
    throw new TidelockError("conflict", `this witness is called ${known}, not ${name}`, {
      fault: "operator",
      where: nameFile,
      hint: "leave --name out, or use another --state folder for another witness",
    });
  }
  return identityOf(known, readKey(keyFile));
}

function identityOf(name: string, privateKey: KeyObject): Identity {
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  // RFC 8410: the last 32 bytes.
  const publicKey = Uint8Array.from(spki.subarray(-32));
  return {
    name,
    publicKey,
    key: noteKey(name, noteKeyTypes.cosignature, publicKey),
    sign: async (message) => Uint8Array.from(sign(null, message, privateKey)),
  };
}

function readName(file: string): string {
  try {
    return NameFile.parse(JSON.parse(readFileSync(file, "utf8"))).name;
  } catch {
    throw unusable("the witness's name cannot be read", file, "restore the whole state folder");
  }
}

function readKey(file: string): KeyObject {
  if ((statSync(file).mode & 0o077) !== 0) {
    throw unusable(
      "others may read the witness's key",
      file,
      "chmod 600 it, or make a new witness",
    );
  }
  try {
    const key = createPrivateKey(readFileSync(file));
    if (key.asymmetricKeyType === "ed25519") return key;
  } catch {
    // Said below; the cause could hold key material.
  }
  throw unusable("the witness's key is no Ed25519 key (PKCS#8 PEM)", file);
}

function unusable(message: string, where: string, hint?: string): TidelockError {
  return new TidelockError("invalid-input", message, {
    fault: "operator",
    where,
    ...(hint === undefined ? {} : { hint }),
  });
}
