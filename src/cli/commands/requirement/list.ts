import type { Proof } from "../../../model/requirements.ts";
import { parseDocuments } from "../../../pipeline-file/parse.ts";
import { obligationsIn } from "../../../policy/obligations/asked.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { outputOption, text } from "../../options.ts";
import { type Column, printList } from "../../output/print.ts";

interface Shown {
  readonly environment: string;
  readonly kind: string;
  readonly id: string;
  readonly text: string;
  readonly shownBy: readonly string[];
}

const columns: readonly Column<Shown>[] = [
  { title: "environment", value: (item) => item.environment },
  { title: "kind", value: (item) => item.kind },
  { title: "id", value: (item) => item.id },
  { title: "text", value: (item) => item.text },
  { title: "shown by", value: (item) => item.shownBy.join("; ") },
];

export const command = defineCommand({
  arguments: {},
  options: {
    ...outputOption,
    file: text("-f, --file <path>", "the file (default: ./tidelock.yaml)"),
  },
  details: "Needs no server. Which environment asks for which requirement and threat, and what shows it; `tidelock gate explain` says of a promotion which of them are met.", // prettier-ignore
  async run(context, { options }) {
    const file = context.projectFile(options.file);
    const { pipelines, environments } = parseDocuments(file.path, file.text);
    const items = environments.flatMap((environment) =>
      pipelines.flatMap((pipeline) =>
        (obligationsIn(pipeline, environment)?.asked ?? []).map(
          ({ kind, id, text: says, proofs }): Shown => ({
            environment: environment.metadata.name,
            kind,
            id,
            text: says,
            shownBy: proofs.map((proof) => told(proof, environment.metadata.name)),
          }),
        ),
      ),
    );
    await printList(context.terminal, context.format(options), {
      items,
      columns,
      name: (item) => `${item.environment}/${item.id}`,
      empty: "no environment of this file asks for a requirement",
    });
    return exit.done;
  },
});

function told({ uses, name, in: places }: Proof, here: string): string {
  return `${name ?? uses}${name === undefined ? "" : ` (${uses})`} in ${(places ?? [here]).join(" and ")}`; // prettier-ignore
}
