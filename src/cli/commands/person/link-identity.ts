import { defineCommand } from "../../define-command.ts";
import { argument, connectionOptions, name, outputOption, required, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { identityCard } from "../../access/cards.ts";
import { waitNote } from "../../policy/wait-note.ts";

export const command = defineCommand({
  arguments: { name: argument("name", "the person who signs in by it") },
  options: {
    provider: required(
      name("--provider <id>", "as the server's file of identity providers calls it"),
    ),
    subject: required(text("--subject <text>", "who they are there (`sub`): never an address")),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Whoever signs in as this at that provider acts as this person. The provider's sign-in page at Tidelock tells somebody\n" +
    "who is not linked yet what their `sub` is. Whoever links becomes the identity's sponsor. In team mode two people sign\n" +
    "the proposal first (exit code 5); then the same command links.",
  examples: [
    "tidelock person link-identity maria@shop.example --provider company --subject 248289761001",
  ],
  async run(context, { args, options }) {
    const view = await context.connect(options).call("identityLink", {
      body: { name: args.name, provider: options.provider, subject: options.subject },
    });
    await printOne(context.terminal, context.format(options), identityCard(view));
    return waitNote(context.terminal, view);
  },
});
