import { TidelockError } from "../../../model/errors.ts";
import type { Environment, Pipeline } from "../../../model/pipeline.ts";
import { parseDocuments } from "../../../pipeline-file/parse.ts";
import { obligationsIn } from "../../../policy/obligations/asked.ts";
import { questionsFor } from "../../../policy/obligations/questions.ts";
import { surfaceOf } from "../../../policy/obligations/surface.ts";
import { rating } from "../../../policy/obligations/threats.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { text } from "../../options.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    file: text("-f, --file <path>", "the file (default: ./tidelock.yaml)"),
    environment: text("-e, --environment <name>", "the one whose surface it is (default: the last with a document in the file)"), // prettier-ignore
  },
  details: "Needs no server. Prints what is new on the attack surface since the model was written, the questions to ask about it, and the lines of `surface` to put into the model when they are answered.", // prettier-ignore
  async run(context, { options }) {
    const file = context.projectFile(options.file);
    const { pipelines, environments } = parseDocuments(file.path, file.text);
    const [pipeline] = pipelines;
    if (!pipeline) throw unfit(file.path, "it has no `kind: Pipeline` document");
    const environment = chosen(environments, pipeline, options.environment);
    if (!environment) {
      throw unfit(
        file.path,
        `it has no document of the environment ${options.environment ?? "that the model gates"}`,
      );
    }
    const print = (line: string) => context.terminal.print(line);
    const model = pipeline.spec.threatModel;
    const surface = surfaceOf(pipeline, environment);
    const change = obligationsIn(
      model ? { ...pipeline, spec: { ...pipeline.spec, threatModel: { ...model, environments: [environment.metadata.name] } } } : pipeline, // prettier-ignore
      environment,
    )?.surface ?? { reviewed: "never", added: [...surface], removed: [] };
    const asked = questionsFor(change);
    print(
      asked.length === 0
        ? `the model of ${change.reviewed} is of this attack surface`
        : `reviewed: ${change.reviewed}; since then:`,
    );
    for (const { line, questions } of asked) {
      print(`\n${line}`);
      for (const question of questions) print(`    ${question}`);
    }
    for (const threat of (model?.threats ?? []).toSorted(
      (a, b) => (rating(b) ?? -1) - (rating(a) ?? -1),
    )) {
      // prettier-ignore
      const points = rating(threat);
      print(`\n${threat.id}${points === null ? "" : ` (DREAD ${points.toFixed(1)})`}: ${threat.text}`); // prettier-ignore
    }
    print("\nwhen each is answered, with today's date in `reviewed`:\n\nsurface:");
    for (const line of surface) print(`  - ${JSON.stringify(line)}`);
    return asked.length === 0 ? exit.done : exit.denied;
  },
});

function unfit(where: string, message: string): TidelockError {
  const hint = "give the file that has the service's pipeline and the environment: --file";
  return new TidelockError("invalid-input", message, { fault: "operator", where, hint });
}

function chosen(
  environments: readonly Environment[],
  pipeline: Pipeline,
  wanted: string | undefined,
): Environment | undefined {
  const named = wanted ?? pipeline.spec.threatModel?.environments.at(-1);
  return named === undefined
    ? environments.at(-1)
    : environments.find(({ metadata }) => metadata.name === named);
}
