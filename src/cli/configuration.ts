import type { Client } from "../api/client.ts";
import type { ConfigurationView } from "../api/views.ts";
import type { Configuration } from "../model/configuration.ts";
import { TidelockError } from "../model/errors.ts";
import type { Lane } from "../model/primitives.ts";
import type { Card } from "./output/print.ts";
import { when } from "./output/words.ts";

export function configurationCard(view: ConfigurationView): Card<ConfigurationView> {
  return {
    item: view,
    name: `${view.service}/${view.environment}@${view.version}`,
    lines: [
      ["configuration", `${view.service}/${view.environment}, version ${view.version}`],
      ["created", `${when(view.createdAt)} by ${view.createdBy}`],
      ["delivery", view.delivery],
      ...Object.entries(view.values).map(([key, value]) => [key, value] as const),
      ...Object.entries(view.secrets).map(
        ([key, { provider, name }]) => [key, `(secret ${name} of ${provider})`] as const,
      ),
      ["isolated", view.isolatedKeys.length === 0 ? null : view.isolatedKeys.join(", ")],
    ],
  };
}

/** The newest configuration, or null where there is none yet. */
export async function currentConfiguration(
  client: Client,
  lane: Lane,
): Promise<ConfigurationView | null> {
  try {
    return await client.call("configurationShow", { params: lane });
  } catch (error) {
    if (error instanceof TidelockError && error.code === "not-found") return null;
    throw error;
  }
}

/**
 * A view as the document it came from. What replaces keys under test is shown by name only, so it cannot
 * be carried over: whoever has it keeps the configuration in a file.
 */
export function editable(view: ConfigurationView | null, lane: Lane): Configuration {
  if (view !== null && view.isolatedKeys.length > 0) {
    throw new TidelockError(
      "unsupported",
      "this configuration has isolated values, which a single change would lose",
      {
        fault: "operator",
        where: `${lane.service}/${lane.environment}`,
        hint: "change its file and use `tidelock config apply -f <file>`",
      },
    );
  }
  return {
    kind: "Configuration",
    formatVersion: 1,
    ...lane,
    values: { ...view?.values },
    secrets: { ...view?.secrets },
    isolated: { values: {}, secrets: {} },
    delivery: view?.delivery ?? "files",
  };
}
