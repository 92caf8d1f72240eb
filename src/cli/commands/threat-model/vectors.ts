import { type Vector, vectors } from "../../../policy/obligations/vectors.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { outputOption } from "../../options.ts";
import { type Column, printList } from "../../output/print.ts";

const columns: readonly Column<Vector>[] = [
  { title: "vector", value: (item) => item.id },
  { title: "attack", value: (item) => item.title },
  { title: "checks", value: (item) => item.checks.join(", ") || "-" },
  { title: "met by itself by", wide: true, value: (item) => item.control },
  { title: "source", wide: true, value: (item) => item.source },
];

export const command = defineCommand({
  arguments: {},
  options: outputOption,
  details: "Needs no server. A threat's `vector` names one of these; `checks` are adapters that show something about it.", // prettier-ignore
  async run(context, { options }) {
    await printList(context.terminal, context.format(options), {
      items: vectors,
      columns,
      name: (item) => item.id,
      empty: "there are none",
    });
    return exit.done;
  },
});
