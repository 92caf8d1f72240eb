import { writePack } from "../../../audit/write-pack.ts";
import { readText, readTrust } from "../../../audit/read-inputs.ts";
import { defineCommand } from "../../../define-command.ts";
import { argument, connectionOptions, flag, text, texts } from "../../../options.ts";

export const command = defineCommand({
  arguments: { review: argument("review", "its id, see `tidelock access review list`") },
  options: {
    file: text("-o, --output-file <file>", "where to write the pack"),
    anchor: texts("--anchor <file>", "a checkpoint that the auditor has: the pack connects it"),
    trust: text("--trust <file>", "the auditor's trust root: the pack connects its checkpoints"),
    json: flag("--json", "say as JSON what was written"),
    ...connectionOptions,
  },
  details:
    "Writes a zip that proves, to whoever has the log's key and offline: which rights, roles, tokens and keys stood\n" +
    "when the review began, what was signed of each, by whom and under which right, who made those, and that what\n" +
    "was to go is gone. `review.txt` in it is to be read. Verify it: tidelock audit verify <file> --trust trust.json",
  examples: ["tidelock access review export v1f0c9a2b7d -o review.zip"],
  async run(context, { args, options }) {
    const trust = options.trust === undefined ? null : readTrust(options.trust, []);
    const seen = [
      ...options.anchor.map((file) => readText(file, "the anchor")),
      ...(trust?.anchors ?? []).map(({ note }) => note),
    ];
    const request = { kind: "access-review", review: args.review, seen } as const;
    return writePack(context, await context.connect(options).exportPack(request), options);
  },
});
