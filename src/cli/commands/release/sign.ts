import { encodeEnvelope } from "../../../evidence/dsse.ts";
import { signatureStatement } from "../../../evidence/predicates/release-signature.ts";
import { signStatement } from "../../../evidence/statement.ts";
import { TidelockError } from "../../../model/errors.ts";
import { defineCommand } from "../../define-command.ts";
import { signerOf } from "../../evidence/signer.ts";
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
