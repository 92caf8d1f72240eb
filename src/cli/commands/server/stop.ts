import { localServers } from "../../../compose-local.ts";
import { TidelockError } from "../../../model/errors.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions } from "../../options.ts";
import { clean } from "../../terminal.ts";
import { waitUntil } from "../../wait.ts";

export const command = defineCommand({
  arguments: {},
  options: { ...connectionOptions },
  details: "Services and the host agent go on; `tidelock down` stops those too.",
  async run(context, { options }) {
    const client = context.connect(options);
    const dataDir = context.settings(options).dataDir.value;
    const { message } = await client.call("serverStop", {});
    const gone = await waitUntil(
      () => !localServers(dataDir).some((server) => server.url === client.url),
    );
    if (!gone) {
      throw new TidelockError("timeout", "the server was told to stop and still runs", {
        where: client.url,
        hint: "look into its log; a second SIGTERM ends it at once",
      });
    }
    context.terminal.note(clean(message));
    return exit.done;
  },
});
