import { checkKinds } from "../../../compose-local.ts";
import { TidelockError } from "../../../model/errors.ts";
import { invalid, parseDocuments } from "../../../pipeline-file/parse.ts";
import { demandProblems } from "../../../policy/demand-problems.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { optionalArgument, text } from "../../options.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: { path: optionalArgument("file", "the same as --file") },
  options: { file: text("-f, --file <path>", "the file (default: ./tidelock.yaml)") },
  details:
    "Needs no server. Exit code 2 with every problem, its place and what would be right. `pipeline apply` looks at the\n" +
    "same and, besides, at what is registered: environments that are not in the file are named.",
  examples: ["tidelock pipeline validate", "tidelock pipeline validate deploy/tidelock.yaml"],
  async run(context, { args, options }) {
    const file = context.projectFile(pathOf(args.path, options.file));
    const checks = await checkKinds();
    const documents = parseDocuments(file.path, file.text, { checks });
    const { pipelines, environments } = documents;
    const byName = <D extends { metadata: { name: string } }>(all: readonly D[]) =>
      new Map(all.map((one) => [one.metadata.name, one]));
    const registry = { pipelines: byName(pipelines), environments: byName(environments) };
    const problems = demandProblems(registry, documents, checks);
    if (problems.length > 0) throw invalid(file.path, problems);
    const names = [
      ...pipelines.map((pipeline) => `pipeline ${pipeline.metadata.name}`),
      ...environments.map((environment) => `environment ${environment.metadata.name}`),
    ];
    context.terminal.print(clean(`${file.path} is valid: ${names.join(", ")}`, 2_000));
    const elsewhere = pipelines
      .flatMap(({ spec }) => spec.environments.map(({ name }) => name))
      .filter((name) => !registry.environments.has(name));
    if (elsewhere.length > 0) {
      const which = [...new Set(elsewhere)].join(", ");
      context.terminal.note(
        clean(`not in this file, and held against it by \`pipeline apply\`: ${which}`, 2_000),
      );
    }
    return exit.done;
  },
});

function pathOf(argument: string | undefined, option: string | undefined): string | undefined {
  if (argument === undefined || option === undefined) return argument ?? option;
  throw new TidelockError("invalid-input", "two files are named, and one is validated at a time", {
    fault: "operator",
    where: `${argument} and --file ${option}`,
    hint: "name it once: tidelock pipeline validate <file>",
  });
}
