import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { encodeEnvelope } from "../../../evidence/dsse.ts";
import { scanReportStatement } from "../../../evidence/predicates/scan-report.ts";
import { signStatement } from "../../../evidence/statement.ts";
import { TidelockError } from "../../../model/errors.ts";
import type { Digest } from "../../../model/primitives.ts";
import { defineCommand } from "../../define-command.ts";
import { fetchRelease } from "../../evidence/fetch-release.ts";
import { signerOf } from "../../evidence/signer.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, flag, name, required, text } from "../../options.ts";
import { releaseReference } from "../../release-reference.ts";

export const command = defineCommand({
  arguments: { report: argument("report", "a file that a scanner wrote") },
  options: {
    release: required(text("--release <release>", "what was scanned: shop@1.4.2")),
    environment: name(
      "--env, --environment <name>",
      "where it was scanned, as the import will say",
    ),
    tool: required(text("--tool <name>", "the tool, as its report names it: trivy")),
    scan: text("--scan <name>", "as the import will say, if it does"),
    format: text("--format <id>", "as the import will say, if it does"),
    partial: flag("--partial", "the scan left something out: it closes nothing"),
    madeAt: text("--made-at <time>", "when it was made, RFC 3339 (default: now)"),
    key: required(text("--key <file>", "private key in PEM: Ed25519, ECDSA P-256 or P-384")),
    ...connectionOptions,
  },
  details:
    "Vouches for exactly these bytes, of this release, there and by this tool, and writes the envelope to standard\n" +
    "output; the key goes nowhere. Where an environment's owners trust the key for this tool (spec.findings), a whole\n" +
    "report closes what it does not show any more.",
  examples: [
    "tidelock findings sign trivy.json --release shop@1.4.2 --env testing --tool trivy --key ci.pem > trivy.dsse.json",
    "tidelock findings import trivy.json --service shop --release 1.4.2 --env testing --attestation trivy.dsse.json",
  ],
  async run(context, { args, options }) {
    const signer = signerOf(options.key);
    const params = await releaseReference(context, options.release, options);
    const { release, id, claimedId } = await fetchRelease(context.connect(options), params);
    if (id !== claimedId) {
      throw new TidelockError("digest-mismatch", `the server calls ${id} ${claimedId}`, {
        where: options.release,
        hint: "do not sign: what it sent is not the release that it names",
      });
    }
    const statement = scanReportStatement(
      { name: `${release.service}@${release.version}`, id },
      {
        report: await fileDigest(resolve(context.folder, args.report)),
        service: release.service,
        environment: options.environment ?? null,
        tool: options.tool,
        format: options.format ?? null,
        scan: options.scan ?? null,
        complete: !options.partial,
        madeAt: options.madeAt ?? new Date().toISOString(),
      },
    );
    const envelope = encodeEnvelope(await signStatement(signer, statement));
    context.terminal.stdout.write(Buffer.from(envelope).toString());
    return exit.done;
  },
});

async function fileDigest(path: string): Promise<Digest> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    throw new TidelockError("invalid-input", "the report cannot be read", {
      fault: "operator",
      where: path,
      hint: (error as Error).message,
    });
  }
  return `sha256:${hash.digest("hex")}`;
}
