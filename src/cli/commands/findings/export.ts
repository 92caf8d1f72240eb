import { once } from "node:events";
import { createWriteStream, readFileSync, renameSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Client } from "../../../api/client.ts";
import type { About } from "../../../findings/exports/exported.ts";
import { exporters, exportFormats } from "../../../findings/exports/index.ts";
import { TidelockError } from "../../../model/errors.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { ExportSource } from "../../findings/export-source.ts";
import { filterQuery, findingFilterOptions } from "../../findings/filter-options.ts";
import { choice, connectionOptions, text } from "../../options.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    ...findingFilterOptions,
    format: choice("--format <format>", "what to write (default json)", exportFormats),
    file: text("-o, --output-file <file>", "where to write it (default: standard output)"),
    release: text("--release <release>", "what it is true of: a version or a digest"),
    author: text("--author <name>", "who states it, of VEX (default: the service)"),
    ...connectionOptions,
  },
  details:
    "Of one service, whatever the status, unless --status says otherwise. A VEX document that is sent on speaks for\n" +
    "whoever sends it: an open finding is under investigation in it, and a false positive bears its reason. What is\n" +
    "accepted is affected all the same, and says so; it is called accepted (suppressed, in SARIF) only where it is so in\n" +
    "--environment, or in every environment in which it is live.",
  examples: [
    "tidelock findings export --service shop --format sarif -o shop.sarif",
    "tidelock findings export --service shop --release 1.4.2 --format openvex --author 'Shop Ltd.' -o shop.openvex.json",
    "tidelock findings export --service shop --status open --format csv > open.csv",
  ],
  async run(context, { options }) {
    const { write } = exporters[options.format ?? "json"];
    const service = (await context.service(options.service, options)).value;
    const { stdout } = context.terminal;
    if (options.file === undefined && stdout.isTTY) {
      throw new TidelockError("invalid-input", "an export is not written to a terminal", {
        fault: "operator",
        hint: "its texts come from reports: name a file with -o, or pipe it",
      });
    }
    const client = context.connect(options);
    const about = await aboutOf(client, service, options);
    const source = new ExportSource(client, {
      ...filterQuery(options),
      service,
      status: options.status ?? "any",
    });
    const parts = write(source.findings(), about);
    if (options.file === undefined) {
      for await (const part of parts) if (!stdout.write(part)) await once(stdout, "drain");
    } else await writeFile(resolve(context.folder, options.file), parts, context.signal);
    const where = options.file === undefined ? "" : ` to ${clean(options.file)}`;
    context.terminal.note(`${source.written} findings written${where}`);
    if (source.left > 0) {
      context.terminal.note(
        `! ${source.left} changed meanwhile and are not among them: do it again`,
      );
      return exit.failed;
    }
    return exit.done;
  },
});

async function aboutOf(
  client: Client,
  service: string,
  {
    release,
    environment,
    author,
  }: {
    readonly release: string | undefined;
    readonly environment: string | undefined;
    readonly author: string | undefined;
  },
): Promise<About> {
  const known =
    release === undefined
      ? null
      : await client.call("releaseShow", { params: { service, release } });
  const manifest = JSON.parse(
    readFileSync(new URL("../../../../package.json", import.meta.url), "utf8"),
  ) as { version: string };
  return {
    service,
    release: known === null ? null : { id: known.id, version: known.version },
    environment: environment ?? null,
    at: new Date().toISOString(),
    version: manifest.version,
    author: author ?? service,
  };
}

/** Beside its place first, so that what is there is whole or the old one. */
async function writeFile(
  file: string,
  parts: AsyncIterable<string>,
  signal: AbortSignal,
): Promise<void> {
  const part = `${file}.${process.pid}.part`;
  try {
    await pipeline(Readable.from(parts), createWriteStream(part, { mode: 0o600 }), { signal });
    renameSync(part, file);
  } catch (error) {
    rmSync(part, { force: true });
    if (error instanceof TidelockError || signal.aborted) throw error;
    throw new TidelockError("invalid-input", "the export cannot be written there", {
      fault: "operator",
      where: file,
      hint: error instanceof Error ? error.message : String(error),
    });
  }
}
