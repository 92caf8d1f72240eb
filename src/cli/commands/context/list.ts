import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { outputOption } from "../../options.ts";
import { printList } from "../../output/print.ts";
import { readUserFile, userFilePath } from "../../user-file.ts";

export const command = defineCommand({
  arguments: {},
  options: { ...outputOption },
  async run(context, { options }) {
    const file = readUserFile(userFilePath(context.environment));
    const items = Object.entries(file.contexts).map(([name, stored]) => ({
      name,
      current: file.current === name,
      url: stored.url ?? null,
      dataDir: stored.dataDir ?? null,
      service: stored.service ?? null,
      token: stored.token !== undefined || stored.tokenFile !== undefined,
    }));
    await printList(context.terminal, context.format(options), {
      items,
      columns: [
        { title: "name", value: (item) => item.name },
        { title: "current", value: (item) => (item.current ? "*" : "-") },
        { title: "url", value: (item) => item.url ?? "-" },
        { title: "data directory", value: (item) => item.dataDir ?? "-" },
        { title: "service", value: (item) => item.service ?? "-" },
        { title: "token", value: (item) => (item.token ? "set" : "-") },
      ],
      name: (item) => item.name,
      empty: "there are no contexts; a local server is found without one",
    });
    return exit.done;
  },
});
