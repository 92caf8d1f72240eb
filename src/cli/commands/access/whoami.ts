import { scopeText } from "../../access/cards.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, outputOption } from "../../options.ts";
import { printOne } from "../../output/print.ts";

export const command = defineCommand({
  arguments: {},
  options: { ...connectionOptions, ...outputOption },
  async run(context, { options }) {
    const view = await context.connect(options).call("accessWhoami", {});
    const { credential, roles, within } = view;
    await printOne(context.terminal, context.format(options), {
      item: view,
      name: view.id,
      lines: [
        ["you are", view.id],
        [
          "by",
          credential === null ? view.kind : `${view.kind} ${credential.id} (${credential.name})`,
        ],
        ["roles", roles.map((one) => `${one.role} (${scopeText(one)})`).join(", ") || "none"],
        ["no more than", within && `${within.role} (${scopeText(within)})`],
        ["may somewhere", view.permissions.join(", ") || "nothing"],
      ],
    });
    return exit.done;
  },
});
