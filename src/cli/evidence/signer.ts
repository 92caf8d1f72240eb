import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { publicKeyFromSpki } from "../../evidence/keys.ts";
import { TidelockError } from "../../model/errors.ts";
import type { Signer } from "../../ports/signer.ts";
import { readEvidenceFile } from "./files.ts";

/** Signs in this process; `publicKey` is the SubjectPublicKeyInfo here, as the key may be of another kind. */
export function signerOf(path: string): Signer {
  const key = readKey(path);
  const spki = createPublicKey(key).export({ type: "spki", format: "der" });
  const known = publicKeyFromSpki(spki);
  if (!known.ok) {
    throw new TidelockError("invalid-input", known.problem, { fault: "operator", where: path });
  }
  const { algorithm, id } = known.value;
  const hash = { ed25519: null, "ecdsa-p256": "sha256", "ecdsa-p384": "sha384" }[algorithm];
  return {
    name: id,
    publicKey: spki,
    sign: async (message) => sign(hash, message, key),
  };
}

function readKey(path: string): KeyObject {
  const pem = Buffer.from(readEvidenceFile(path));
  try {
    return createPrivateKey(pem);
  } catch {
    // What Node says may quote the key.
    throw new TidelockError(
      "invalid-input",
      "this is not a private key in PEM without a password",
      {
        fault: "operator",
        where: path,
        hint: "make one: openssl genpkey -algorithm ed25519 -out key.pem",
      },
    );
  }
}
