import { downLocally, findAgent, isDataDir, localServers } from "../../compose-local.ts";
import { confirm } from "../confirm.ts";
import type { CommandContext } from "../context.ts";
import { defineCommand } from "../define-command.ts";
import { exit } from "../exit-codes.ts";
import { connectionOptions, flag } from "../options.ts";
import { clean } from "../terminal.ts";
import { waitUntil } from "../wait.ts";

export const command = defineCommand({
  arguments: {},
  options: { yes: flag("-y, --yes", "do not ask"), ...connectionOptions },
  details:
    "Releases, history and settings stay; `tidelock server start` begins again from them. Works without a server, too, for what a killed one left on this machine.",
  async run(context, { options }) {
    const { url, dataDir } = context.settings(options);
    if (url === null && isDataDir(dataDir.value)) {
      return downWithoutServer(context, dataDir.value, options.yes);
    }
    const client = context.connect(options);
    await confirm(
      context,
      `Stop every service of ${client.url}, the live ones included?`,
      options.yes,
    );
    const { message } = await client.call("down", {});
    await gone(dataDir.value, client.url);
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

/** On this machine: until the server's process has ended, so that the next command finds things at rest. */
async function gone(dataDir: string, url: string): Promise<void> {
  await waitUntil(() => !localServers(dataDir).some((server) => server.url === url));
}
