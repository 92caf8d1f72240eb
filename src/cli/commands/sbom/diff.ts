import { type Change, diffSboms } from "../../../evidence/sbom/diff.ts";
import { defineCommand } from "../../define-command.ts";
import { sbomOf } from "../../evidence/sbom-of.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption } from "../../options.ts";
import { printList } from "../../output/print.ts";

export const command = defineCommand({
  arguments: {
    from: argument("from", "a release (shop@1.4.1), or an SBOM file"),
    to: argument("to", "the one to compare it with"),
  },
  options: { ...connectionOptions, ...outputOption },
  examples: ["tidelock sbom diff shop@1.4.1 shop@1.4.2"],
  async run(context, { args, options }) {
    const from = await sbomOf(context, args.from, options);
    const to = await sbomOf(context, args.to, options);
    await printList(context.terminal, context.format(options), {
      items: diffSboms(from.sbom, to.sbom),
      columns: [
        { title: "change", value: ({ kind }) => kind },
        { title: "component", value: ({ name }) => name },
        { title: "", value: changeText },
      ],
      name: ({ kind, name }) => `${kind} ${name}`,
      empty: `${from.from} and ${to.from} have the same components`,
    });
    return exit.done;
  },
});

function changeText(change: Change): string {
  switch (change.kind) {
    case "added":
    case "removed":
      return change.version || "-";
    case "version":
      return `${change.from.join(", ")} -> ${change.to.join(", ")}`;
    case "licence":
      return `${change.version}: ${change.from.join(", ") || "none"} -> ${change.to.join(", ") || "none"}`;
    case "bytes":
      return `${change.version} has other bytes now (${change.algorithm} ${change.from.slice(0, 12)}… -> ${change.to.slice(0, 12)}…)`;
  }
}
