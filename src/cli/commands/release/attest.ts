import { defineCommand } from "../../define-command.ts";
import { readEvidenceFile } from "../../evidence/files.ts";
import { sendAttestation } from "../../evidence/send-attestation.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption, required, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { releaseReference } from "../../release-reference.ts";
import { attestationCard } from "../../release-text.ts";

export const command = defineCommand({
  arguments: { release: argument("release", "shop@1.4.2, or shop@ and the beginning of an id") },
  options: {
    file: required(text("--file <path>", "a DSSE envelope, Sigstore bundle, .p7s or SBOM")),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Keeps what is stated about a release; its id stays what it is. Keeping is not trusting: it is verified wherever somebody demands it.",
  examples: ["tidelock release attest shop@1.4.2 --file provenance.sigstore.json"],
  async run(context, { args, options }) {
    const bytes = readEvidenceFile(options.file);
    const client = context.connect(options);
    const params = await releaseReference(context, args.release, options);
    const view = await sendAttestation(client, params, bytes);
    await printOne(context.terminal, context.format(options), attestationCard(view));
    return exit.done;
  },
});
