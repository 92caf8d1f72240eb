import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { Configuration } from "../../../model/configuration.ts";
import { TidelockError } from "../../../model/errors.ts";
import { configurationCard } from "../../configuration.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, outputOption, required, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    file: required(text("-f, --file <path>", "YAML or JSON: kind Configuration")),
    ...connectionOptions,
    ...outputOption,
  },
  async run(context, { options }) {
    const client = context.connect(options);
    const configuration = readConfiguration(options.file);
    const { service, environment } = configuration;
    const view = await client.call("configurationApply", {
      params: { service, environment },
      body: { configuration },
    });
    await printOne(context.terminal, context.format(options), configurationCard(view));
    return exit.done;
  },
});

function readConfiguration(path: string): Configuration {
  let value: unknown;
  try {
    value = parse(readFileSync(path, "utf8"), { maxAliasCount: 0 });
  } catch (error) {
    throw new TidelockError("invalid-input", "the configuration file cannot be read", {
      fault: "operator",
      where: path,
      // YAML's own message quotes the line, which may hold a value: only its first line is shown.
      hint: error instanceof Error ? (error.message.split("\n")[0] ?? "") : "",
    });
  }
  const parsed = Configuration.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new TidelockError("invalid-input", `${path} is not a configuration`, {
    fault: "operator",
    problems: parsed.error.issues.map((issue) => ({
      where: `${path} (${z.core.toDotPath(issue.path) || "document"})`,
      message: issue.message,
    })),
  });
}
