import { hasEnded, localServers } from "../../../compose-local.ts";
import { TidelockError } from "../../../model/errors.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions } from "../../options.ts";
import { signedInOrOwner } from "../../on-machine.ts";
import { clean } from "../../terminal.ts";
import { waitUntil } from "../../wait.ts";

export const command = defineCommand({
  arguments: {},
  options: { ...connectionOptions },
  details:
    "Services and the host agent go on; `tidelock down` stops those too. On the server's machine, whoever owns its data directory need not be signed in.",
  async run(context, { options }) {
    const { url, dataDir } = context.settings(options);
    const server = localServers(dataDir.value).find((one) => one.url === url?.value);
    const { message } = await signedInOrOwner(context, options, (client) =>
      client.call("serverStop", {}),
    );
    // On this machine: the next command shall find things at rest.
    if (server !== undefined && !(await waitUntil(() => hasEnded(server)))) {
      throw new TidelockError("timeout", "the server was told to stop and still runs", {
        where: server.url,
        hint: "look into its log; a second SIGTERM ends it at once",
      });
    }
    context.terminal.note(clean(message));
    return exit.done;
  },
});
