import { downLocally, findAgent, hasEnded, isDataDir, localServers } from "../../compose-local.ts";
import { confirm } from "../confirm.ts";
import type { CommandContext } from "../context.ts";
import { defineCommand } from "../define-command.ts";
import { exit } from "../exit-codes.ts";
import { connectionOptions, flag } from "../options.ts";
import { signedInOrOwner } from "../on-machine.ts";
import { clean } from "../terminal.ts";
import { waitUntil } from "../wait.ts";

export const command = defineCommand({
  arguments: {},
  options: { yes: flag("-y, --yes", "do not ask"), ...connectionOptions },
  details:
    "Releases, history and settings stay; `tidelock server start` begins again from them. Works without a server, too, for what a killed one left on this machine; and on the machine without a sign-in, for whoever owns the data directory.",
  async run(context, { options }) {
    const { url, dataDir } = context.settings(options);
    if (url === null && isDataDir(dataDir.value)) {
      return downWithoutServer(context, dataDir.value, options.yes);
    }
    // Says what there is to be said when there is no server at all.
    const { url: at } = context.connectOpenly(options);
    await confirm(context, `Stop every service of ${at}, the live ones included?`, options.yes);
    const server = localServers(dataDir.value).find(({ url: own }) => own === at);
    const { message } = await signedInOrOwner(context, options, (client) =>
      client.call("down", {}),
    );
    // On this machine: the next command shall find things at rest.
    if (server !== undefined) await waitUntil(() => hasEnded(server));
    context.terminal.note(clean(message));
    return exit.done;
  },
});

async function downWithoutServer(
  context: CommandContext,
  dataDir: string,
  yes: boolean,
): Promise<0> {
  const question = `No server runs. Stop every service and the agent of ${dataDir}?`;
  await confirm(context, question, yes);
  await downLocally(dataDir);
  await waitUntil(async () => (await findAgent(dataDir)) === null);
  context.terminal.note(`everything of ${clean(dataDir)} is stopped`);
  return exit.done;
}
