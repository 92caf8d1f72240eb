import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, optionalArgument, outputOption } from "../../options.ts";
import { printList } from "../../output/print.ts";
import { when } from "../../output/words.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: { person: optionalArgument("person", "whose; left out: your own") },
  options: { ...connectionOptions, ...outputOption },
  details:
    "Those that sign in, and those that sign approvals: no key does both. They are added in the browser, on the page\n" +
    "Passkeys of the dashboard.",
  examples: ["tidelock passkey list", "tidelock passkey list maria@shop.example"],
  async run(context, { args, options }) {
    const client = context.connect(options);
    const { items } =
      args.person === undefined
        ? await client.call("passkeyList", {})
        : await client.call("accountPasskeys", { params: { name: args.person } });
    await printList(context.terminal, context.format(options), {
      items,
      columns: [
        { title: "id", value: ({ id }) => (id.startsWith("sha256:") ? id.slice(0, 19) : id) },
        { title: "for", value: ({ use }) => use },
        { title: "name", value: ({ name }) => clean(name) || "-" },
        { title: "copies", value: copies },
        { title: "at", value: ({ rpId }) => clean(rpId) },
        { title: "added", value: ({ addedAt }) => when(addedAt) },
        {
          title: "last used",
          value: ({ lastUsedAt }) => (lastUsedAt === null ? "-" : when(lastUsedAt)),
        },
        { title: "model", wide: true, value: ({ aaguid }) => aaguid ?? "-" },
      ],
      name: ({ id }) => id,
      empty: "there is no passkey",
    });
    return exit.done;
  },
});

/** What its authenticator says of whether the key can leave it. */
function copies({
  backupEligible,
  backedUp,
}: {
  readonly backupEligible: boolean | null;
  readonly backedUp: boolean | null;
}): string {
  if (backupEligible === null) return "not known";
  if (!backupEligible) return "one device";
  return backedUp === true ? "copied" : "can be copied";
}
