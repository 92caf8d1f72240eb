import { TidelockError } from "../../../model/errors.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { laneOf, laneOptions } from "../../lane-options.ts";
import { argument, connectionOptions } from "../../options.ts";
import { readSecret } from "../../read-secret.ts";

export const command = defineCommand({
  arguments: { name: argument("name", "name of the secret") },
  options: { ...laneOptions, ...connectionOptions },
  details:
    "The value is read from standard input, never from the command line, which other users can see. One line end at its end is left out.",
  examples: [
    "tidelock secret set db --environment production < password.txt",
    "tidelock secret set db --environment production   (asks, without showing what is typed)",
  ],
  async run(context, { args, options }) {
    const client = context.connect(options);
    const lane = await laneOf(context, options);
    const value = await readSecret(context, `Value of ${args.name}: `);
    if (value === "") {
      throw new TidelockError("invalid-input", "the secret is empty", {
        fault: "operator",
        where: "standard input",
        hint: "pipe the value in, or type it when asked",
      });
    }
    const stored = await client.call("secretPut", {
      params: { ...lane, name: args.name },
      body: { value },
    });
    context.terminal.note(
      `stored ${stored.name}, version ${stored.version}; the next start of ${lane.service} in ${lane.environment} uses it`,
    );
    return exit.done;
  },
});
