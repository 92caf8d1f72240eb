import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { inFile } from "../../findings/in-file.ts";
import { TidelockError } from "../../../model/errors.ts";
import { FeedKind } from "../../../model/feed.ts";
import { Digest } from "../../../model/primitives.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, text } from "../../options.ts";
import { command as importAdvisories } from "../advisories/import.ts";

export const command = defineCommand({
  arguments: {
    kind: argument("kind", "epss, kev or osv"),
    file: argument("file", "as its publisher offers it; EPSS may be compressed by gzip"),
  },
  options: {
    digest: text("--digest <sha256>", "what the file has to be: refused when it is another one"),
    fewerBecause: text(
      "--fewer-because <reason>",
      "why fewer records than there are now are right",
    ),
    allowRemovals: text(
      "--allow-removals <reason>",
      "epss, kev: why it may lack CVEs that are there now",
    ),
    ...connectionOptions,
    dataDir: text("--data-dir <folder>", "osv: where everything is kept (TIDELOCK_DATA_DIR)"),
  },
  details:
    "Tidelock asks nobody outside: fetch the file where you may, and hand it in. An edition only ever moves on: one that\n" +
    "is older, holds fewer records, or lacks a CVE that is there now, is refused. `osv` is for the server's machine, and the same as `advisories import`.",
  examples: [
    "tidelock feeds import epss epss_scores-current.csv.gz",
    "tidelock feeds import kev known_exploited_vulnerabilities.json",
    "tidelock feeds import osv npm-all.zip",
  ],
  async run(context, { args, options }) {
    const kind = kindOf(args.kind);
    const path = resolve(args.file);
    if (kind === "osv") {
      const { fewerBecause, dataDir } = options;
      if (options.digest !== undefined) {
        requireDigest((await measure(path)).digest, options.digest, args.file);
      }
      return importAdvisories.run(context, {
        args: { source: path, more: [] },
        options: { fewerBecause, dataDir },
      });
    }
    const { digest, size } = await measure(path);
    requireDigest(digest, options.digest, args.file);
    const client = context.connect(options);
    if (!(await client.hasBlob(digest))) await client.putBlob(digest, size, createReadStream(path));
    const reason = options.allowRemovals ?? options.fewerBecause;
    const { edition } = await client
      .call("feedImport", {
        params: { kind },
        body: {
          digest,
          ...(reason === undefined ? {} : { fewer: reason }),
        },
      })
      .catch((error: unknown) => {
        throw inFile(error, args.file);
      });
    context.terminal.print(
      `${kind} of ${edition?.asOf.slice(0, 10)} counts: ${edition?.records} records, ${digest}`,
    );
    return exit.done;
  },
});

function kindOf(text: string): FeedKind {
  const read = FeedKind.safeParse(text);
  if (read.success) return read.data;
  throw new TidelockError("invalid-input", `there is no feed ${text}`, {
    fault: "operator",
    where: "kind",
    hint: `write one of ${FeedKind.options.join(", ")}`,
  });
}

async function measure(path: string): Promise<{ digest: Digest; size: number }> {
  const found = await stat(path).catch(() => null);
  if (found === null || !found.isFile()) {
    const folder = found?.isDirectory() === true;
    throw new TidelockError(
      "invalid-input",
      folder ? `${path} is a folder` : `there is no file ${path}`,
      { fault: "operator", where: path, hint: "name the file as its publisher offers it" },
    );
  }
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return { digest: Digest.parse(`sha256:${hash.digest("hex")}`), size: found.size };
}

function requireDigest(is: Digest, wanted: string | undefined, where: string): void {
  if (wanted === undefined || wanted === is || `sha256:${wanted}` === is) return;
  throw new TidelockError("digest-mismatch", `the file has the digest ${is}, and not ${wanted}`, {
    fault: "operator",
    where,
    hint: "fetch it again, or look why it is another one",
  });
}
