import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, outputOption } from "../../options.ts";
import { printList } from "../../output/print.ts";
import { isOpenToOthers, userFilePath } from "../../user-file.ts";
import type { Setting } from "../../settings.ts";

interface Row {
  readonly setting: string;
  readonly value: string | null;
  readonly from: string;
}

export const command = defineCommand({
  arguments: {},
  options: { ...connectionOptions, ...outputOption },
  details:
    "Flag before environment before project file before user file. The token itself is never shown.",
  async run(context, { options }) {
    const settings = context.settings(options);
    const service = await context.service(undefined, options).catch(() => null);
    const { token } = settings;
    await printList(context.terminal, settings.output.value, {
      items: [
        row("context", settings.context),
        row("url", settings.url),
        row("token", token === null ? null : { value: "(set)", from: token.from }),
        row("dataDir", settings.dataDir),
        row("service", service),
        row("output", settings.output),
      ],
      columns: [
        { title: "setting", value: (item) => item.setting },
        { title: "value", value: (item) => item.value ?? "-" },
        { title: "from", value: (item) => item.from },
      ],
      name: (item) => item.setting,
      empty: "",
    });
    const path = userFilePath(context.environment);
    if (isOpenToOthers(path)) {
      context.terminal.note(`warning: others may read ${path}: chmod 600 ${path}`);
    }
    return exit.done;
  },
});

function row(setting: string, found: Setting<string> | null): Row {
  return { setting, value: found?.value ?? null, from: found?.from ?? "not set" };
}
