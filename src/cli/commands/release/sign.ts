import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import type { Signer } from "../../../ports/signer.ts";
import { encodeEnvelope } from "../../../evidence/dsse.ts";
import { publicKeyFromSpki } from "../../../evidence/keys.ts";
import { signatureStatement } from "../../../evidence/predicates/release-signature.ts";
import { signStatement } from "../../../evidence/statement.ts";
import { TidelockError } from "../../../model/errors.ts";
import { defineCommand } from "../../define-command.ts";
import { readEvidenceFile } from "../../evidence/files.ts";
import { fetchRelease } from "../../evidence/fetch-release.ts";
import { sendAttestation } from "../../evidence/send-attestation.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption, required, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { releaseReference } from "../../release-reference.ts";
import { attestationCard } from "../../release-text.ts";

export const command = defineCommand({
  arguments: { release: argument("release", "shop@1.4.2, or shop@ and the beginning of an id") },
  options: {
    key: required(text("--key <file>", "private key in PEM: Ed25519, ECDSA P-256 or P-384")),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Signs the release and the digests of its artifacts, on this machine: the key goes nowhere. Whoever trusts the public key can demand this signature.",
  examples: ["tidelock release sign shop@1.4.2 --key release.pem"],
  async run(context, { args, options }) {
    const signer = signerOf(options.key);
    const client = context.connect(options);
    const params = await releaseReference(context, args.release, options);
    const { release, id, claimedId } = await fetchRelease(client, params);
    if (id !== claimedId) {
      throw new TidelockError("digest-mismatch", `the server calls ${id} ${claimedId}`, {
        where: args.release,
        hint: "do not sign: what it sent is not the release that it names",
      });
    }
    const envelope = encodeEnvelope(await signStatement(signer, signatureStatement(release)));
    const view = await sendAttestation(client, params, envelope);
    await printOne(context.terminal, context.format(options), attestationCard(view));
    return exit.done;
  },
});

/** Signs in this process; `publicKey` is the SubjectPublicKeyInfo here, as the key may be of another kind. */
function signerOf(path: string): Signer {
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
        hint: "make one: openssl genpkey -algorithm ed25519 -out release.pem",
      },
    );
  }
}
