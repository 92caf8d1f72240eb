import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Client } from "../../../api/client.ts";
import type { ImportView } from "../../../api/views/finding.ts";
import { TidelockError } from "../../../model/errors.ts";
import type { Digest } from "../../../model/primitives.ts";
import type { CommandContext } from "../../context.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { inFile } from "../../findings/in-file.ts";
import { importCard } from "../../findings/import-card.ts";
import { reportSource } from "../../findings/report-source.ts";
import {
  argument,
  connectionOptions,
  name,
  outputOption,
  serviceOption,
  text,
} from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: { report: argument("report", "a file that a scanner wrote, or - for standard input") },
  options: {
    ...serviceOption,
    environment: name("--env, --environment <name>", "where it was scanned, if somewhere"),
    release: text("--release <release>", "what was scanned: version or digest"),
    format: text("--format <id>", "what it is (default: told from its content)"),
    scan: text("--scan <name>", "what it is a scan of, to keep scans of one tool apart"),
    attestation: text(
      "--attestation <file>",
      "DSSE envelope in which a trusted producer vouches for this report",
    ),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Takes the report in whole or not at all, whatever its length. It may open findings. It closes one only where\n" +
    "it is complete, names the release, and is signed by a producer that the policy trusts; it says so when not.",
  examples: [
    "tidelock findings import trivy.json --service shop --release 1.4.2",
    "trivy image -q -f json shop:1.4.2 | tidelock findings import - --service shop --env testing",
  ],
  async run(context, { args, options }) {
    const { value: service } = await context.service(options.service, options);
    const client = context.connect(options);
    const source = reportSource(context, args.report);
    const { environment, release, format, scan } = options;
    const attestation =
      options.attestation === undefined
        ? undefined
        : await sendEnvelope(context, client, options.attestation);
    let view: ImportView;
    try {
      const about = { environment, release, format, scan, attestation };
      view = await client.importReport(service, about, source.bytes, source.size);
    } catch (error) {
      throw inFile(error, source.name);
    } finally {
      source.end();
    }
    await printOne(context.terminal, context.format(options), importCard(view));
    for (const note of view.notes) context.terminal.note(`note: ${clean(note)}`);
    sayNext(context, view);
    return exit.done;
  },
});

function sayNext(context: CommandContext, { service, opened, reopened }: ImportView): void {
  const what = opened + reopened === 0 ? "what is open" : "what is open, most urgent first";
  context.terminal.note(`next: tidelock findings list --service ${service}   (${what})`);
}

/** The envelope goes up as a blob, and the import names it by digest. */
async function sendEnvelope(
  context: CommandContext,
  client: Client,
  given: string,
): Promise<Digest> {
  let bytes: Buffer;
  try {
    bytes = readFileSync(resolve(context.folder, given));
  } catch (error) {
    throw new TidelockError("invalid-input", "the attestation cannot be read", {
      fault: "operator",
      where: given,
      hint: (error as Error).message,
    });
  }
  const digest: Digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  if (!(await client.hasBlob(digest))) {
    await client.putBlob(
      digest,
      bytes.length,
      (async function* () {
        yield bytes;
      })(),
    );
  }
  return digest;
}
