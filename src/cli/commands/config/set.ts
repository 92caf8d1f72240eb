import type { Client } from "../../../api/client.ts";
import type { ConfigurationView } from "../../../api/views.ts";
import { type Configuration, ConfigurationKey } from "../../../model/configuration.ts";
import { TidelockError } from "../../../model/errors.ts";
import type { Lane } from "../../../model/primitives.ts";
import {
  changed,
  configurationCard,
  currentConfiguration,
  documentOf,
} from "../../configuration.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { laneOf, laneOptions } from "../../lane-options.ts";
import { choice, connectionOptions, anyArguments, outputOption, texts } from "../../options.ts";
import { printOne } from "../../output/print.ts";

export const command = defineCommand({
  arguments: { pairs: anyArguments("pairs", "KEY=VALUE, or KEY= to remove one") },
  options: {
    ...laneOptions,
    secret: texts("--secret <pair>", "KEY=NAME: KEY gets the secret NAME; may be repeated"),
    isolated: texts("--isolated <pair>", "KEY=VALUE while a colour is under test; may be repeated"),
    isolatedSecret: texts("--isolated-secret <pair>", "KEY=NAME while a colour is under test"),
    shared: texts("--shared <key>", "KEY can do no harm under test either; may be repeated"),
    notShared: texts("--not-shared <key>", "takes that back"),
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
    const values = args.pairs.map(pair);
    const secrets = options.secret.map(pair);
    const isolatedValues = options.isolated.map(pair);
    const isolatedSecrets = options.isolatedSecret.map(pair);
    const view = await change(client, lane, (document) => ({
      ...document,
      ...changed(document, values, secrets),
      isolated: changed(document.isolated, isolatedValues, isolatedSecrets),
      ...sharedKeys(document.shared, options.shared, options.notShared),
      delivery: options.delivery ?? document.delivery,
    }));
    await printOne(context.terminal, context.format(options), configurationCard(view));
    return exit.done;
  },
});

function sharedKeys(
  before: readonly string[] | undefined,
  more: readonly string[],
  less: readonly string[],
): { shared?: string[] } {
  if (more.length + less.length === 0) return before === undefined ? {} : { shared: [...before] };
  const keys = new Set(before);
  for (const key of more) keys.add(pair(`${key}=`)[0]);
  for (const key of less) keys.delete(key);
  return { shared: [...keys].sort() };
}

const attempts = 5;

/** Read, change, write; once more when somebody else was quicker, so that nobody's change is lost. */
async function change(
  client: Client,
  lane: Lane,
  edit: (document: Configuration) => Configuration,
): Promise<ConfigurationView> {
  for (let attempt = 1; ; attempt += 1) {
    const current = await currentConfiguration(client, lane);
    const configuration = edit(documentOf(current, lane));
    try {
      return await client.call("configurationApply", {
        params: lane,
        body: { configuration, basedOn: current?.version ?? 0 },
      });
    } catch (error) {
      const overtaken = error instanceof TidelockError && error.code === "conflict";
      if (!overtaken || attempt === attempts) throw error;
    }
  }
}

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
