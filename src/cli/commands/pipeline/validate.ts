import { checkKinds } from "../../../compose-local.ts";
import { parseDocuments } from "../../../pipeline-file/parse.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { text } from "../../options.ts";

export const command = defineCommand({
  arguments: {},
  options: { file: text("-f, --file <path>", "the file (default: ./tidelock.yaml)") },
  details: "Needs no server. Exit code 2 with every problem, its place and what would be right.",
  async run(context, { options }) {
    const file = context.projectFile(options.file);
    const { pipelines, environments } = parseDocuments(file.path, file.text, {
      checks: await checkKinds(),
    });
    const names = [
      ...pipelines.map((pipeline) => `pipeline ${pipeline.metadata.name}`),
      ...environments.map((environment) => `environment ${environment.metadata.name}`),
    ];
    context.terminal.print(`${file.path} is valid: ${names.join(", ")}`);
    return exit.done;
  },
});
