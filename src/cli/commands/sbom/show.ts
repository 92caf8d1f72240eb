import { defineCommand } from "../../define-command.ts";
import { sbomOf } from "../../evidence/sbom-of.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption } from "../../options.ts";
import { printList } from "../../output/print.ts";

export const command = defineCommand({
  arguments: { of: argument("of", "a release (shop@1.4.2), or a CycloneDX or SPDX file") },
  options: { ...connectionOptions, ...outputOption },
  examples: ["tidelock sbom show shop@1.4.2", "tidelock sbom show shop.cdx.json"],
  async run(context, { args, options }) {
    const { from, sbom } = await sbomOf(context, args.of, options);
    await printList(context.terminal, context.format(options), {
      items: sbom.components,
      columns: [
        { title: "component", value: ({ name }) => name },
        { title: "version", value: ({ version }) => version || "-" },
        { title: "licence", value: ({ licences }) => licences.join(", ") || "-" },
        { title: "purl", wide: true, value: ({ purl }) => purl ?? "-" },
      ],
      name: ({ purl, name, version }) => purl ?? `${name}@${version}`,
      empty: `${from} lists no component`,
    });
    return exit.done;
  },
});
