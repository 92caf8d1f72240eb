import { checkKinds } from "../../../compose-local.ts";
import { parseDocuments } from "../../../pipeline-file/parse.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, outputOption, text } from "../../options.ts";
import { printList } from "../../output/print.ts";
import { shortDigest } from "../../output/words.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    file: text("-f, --file <path>", "the file (default: ./tidelock.yaml)"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Everything in the file or nothing. Promotions use what is registered, never what a release carries.",
  async run(context, { options }) {
    const client = context.connect(options);
    const file = context.projectFile(options.file);
    // The same parser as the server's: mistakes show before anything is sent.
    parseDocuments(file.path, file.text, {
      checks: await checkKinds(),
    });
    const { applied } = await client.call("pipelineApply", {
      body: { file: file.path, text: file.text },
    });
    await printList(context.terminal, context.format(options), {
      items: applied,
      columns: [
        { title: "kind", value: (item) => item.kind },
        { title: "name", value: (item) => item.name },
        { title: "result", value: (item) => (item.changed ? "changed" : "unchanged") },
        { title: "digest", value: (item) => shortDigest(item.digest) },
      ],
      name: (item) => `${item.kind.toLowerCase()}/${item.name}`,
      empty: "the file has no documents",
    });
    return exit.done;
  },
});
