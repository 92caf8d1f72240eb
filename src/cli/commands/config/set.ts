import { ConfigurationKey } from "../../../model/configuration.ts";
import { TidelockError } from "../../../model/errors.ts";
import { configurationCard, currentConfiguration, editable } from "../../configuration.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { laneOf, laneOptions } from "../../lane-options.ts";
import { choice, connectionOptions, manyArguments, outputOption, texts } from "../../options.ts";
import { printOne } from "../../output/print.ts";

export const command = defineCommand({
  arguments: { pairs: manyArguments("pairs", "KEY=VALUE, or KEY= to remove one") },
  options: {
    ...laneOptions,
    secret: texts("--secret <pair>", "KEY=NAME: KEY gets the secret NAME; may be repeated"),
    delivery: choice("--delivery <how>", "files (the rule) or variables", ["files", "variables"]),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Makes a new version; what runs keeps its own until the next promotion. Secrets do not belong in values: use `tidelock secret set`.",
  examples: ["tidelock config set GREETING=hello --environment production --secret DB_PASSWORD=db"],
  async run(context, { args, options }) {
    const client = context.connect(options);
    const lane = await laneOf(context, options);
    const configuration = editable(await currentConfiguration(client, lane), lane);
    const values = { ...configuration.values };
    const secrets = { ...configuration.secrets };
    for (const [key, value] of args.pairs.map(pair)) {
      delete values[key];
      delete secrets[key];
      if (value !== "") values[key] = value;
    }
    for (const [key, name] of options.secret.map(pair)) {
      delete values[key];
      secrets[key] = { provider: "local", name };
    }
    const view = await client.call("configurationApply", {
      params: lane,
      body: {
        configuration: {
          ...configuration,
          values,
          secrets,
          delivery: options.delivery ?? configuration.delivery,
        },
      },
    });
    await printOne(context.terminal, context.format(options), configurationCard(view));
    return exit.done;
  },
});

function pair(text: string): readonly [string, string] {
  const at = text.indexOf("=");
  const key = ConfigurationKey.safeParse(text.slice(0, Math.max(at, 0)));
  if (key.success) return [key.data, text.slice(at + 1)];
  // The text is not quoted: it may hold a secret that somebody typed by mistake.
  throw new TidelockError("invalid-input", "this is not KEY=VALUE", {
    fault: "operator",
    where: at === -1 ? "an argument without =" : "the part before =",
    hint: "a key has letters, digits and underscores, e.g. GREETING=hello",
  });
}
