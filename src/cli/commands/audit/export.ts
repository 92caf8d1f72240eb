import { TidelockError } from "../../../model/errors.ts";
import type { AuditPackRequest } from "../../../api/audit.ts";
import { readText, readTrust } from "../../audit/read-inputs.ts";
import { writePack } from "../../audit/write-pack.ts";
import type { CommandContext } from "../../context.ts";
import { defineCommand } from "../../define-command.ts";
import { connectionOptions, flag, name, optionalArgument, text, texts } from "../../options.ts";
import { releaseReference } from "../../release-reference.ts";
import type { ConnectionFlags } from "../../settings.ts";

export const command = defineCommand({
  arguments: { release: optionalArgument("release", "shop@1.4.2: everything about this release") },
  options: {
    env: name("--env <environment>", "every change of this environment instead"),
    from: text("--from <time>", "with --env: since then (2026-10-01 or RFC 3339)"),
    to: text("--to <time>", "with --env: until then (not included)"),
    file: text("-o, --output-file <file>", "where to write the pack"),
    anchor: texts("--anchor <file>", "a checkpoint that the auditor has: the pack connects it"),
    trust: text("--trust <file>", "the auditor's trust root: the pack connects its checkpoints"),
    json: flag("--json", "say as JSON what was written"),
    ...connectionOptions,
  },
  details:
    "Writes an audit pack: a zip that proves what it says to whoever has the log's key, offline. The end of\n" +
    "each stream is written to the ledger first, so that nothing can be left out unseen.",
  examples: [
    "tidelock audit export shop@1.4.2 -o shop-1.4.2.audit.zip",
    "tidelock audit export --env production --from 2026-10-01 --to 2026-11-01",
  ],
  async run(context, { args, options }) {
    const trust = options.trust === undefined ? null : readTrust(options.trust, []);
    const seen = [
      ...options.anchor.map((file) => readText(file, "the anchor")),
      ...(trust?.anchors ?? []).map(({ note }) => note),
    ];
    const request = await requestOf(context, args.release, options, seen);
    return writePack(context, await context.connect(options).exportPack(request), options);
  },
});

async function requestOf(
  context: CommandContext,
  release: string | undefined,
  options: ConnectionFlags & {
    readonly env: string | undefined;
    readonly from: string | undefined;
    readonly to: string | undefined;
  },
  seen: string[],
): Promise<AuditPackRequest> {
  if ((release === undefined) === (options.env === undefined)) {
    throw new TidelockError("invalid-input", "name either a release or --env", {
      fault: "operator",
      hint: "tidelock audit export shop@1.4.2, or tidelock audit export --env production",
    });
  }
  if (options.env === undefined) {
    if (options.from !== undefined || options.to !== undefined) {
      throw new TidelockError("invalid-input", "--from and --to go with --env", {
        fault: "operator",
        hint: "a release's pack holds its whole history",
      });
    }
    return { kind: "release", ...(await releaseReference(context, release ?? "", options)), seen };
  }
  const [from, to] = [time("--from", options.from), time("--to", options.to)];
  return {
    kind: "environment",
    environment: options.env,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    seen,
  };
}

function time(option: string, given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  const whole = /^\d{4}-\d{2}-\d{2}$/.test(given) ? `${given}T00:00:00Z` : given;
  const known = /^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})$/.test(whole);
  if (known && !Number.isNaN(Date.parse(whole))) return new Date(whole).toISOString();
  throw new TidelockError("invalid-input", `${option}: ${given} is not a time`, {
    fault: "operator",
    where: option,
    hint: "write 2026-10-01 or 2026-10-01T08:00:00Z",
  });
}
