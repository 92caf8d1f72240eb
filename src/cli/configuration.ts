import type { Client } from "../api/client.ts";
import type { ConfigurationView } from "../api/views.ts";
import type { Bindings, Configuration, SecretReference } from "../model/configuration.ts";
import type { z } from "zod";
import { TidelockError } from "../model/errors.ts";
import type { Lane } from "../model/primitives.ts";
import type { Card } from "./output/print.ts";
import { when } from "./output/words.ts";

type BoundValues = z.output<typeof Bindings>;

export function configurationCard(view: ConfigurationView): Card<ConfigurationView> {
  return {
    item: view,
    name: `${view.service}/${view.environment}@${view.version}`,
    lines: [
      ["configuration", `${view.service}/${view.environment}, version ${view.version}`],
      ["created", `${when(view.createdAt)} by ${view.createdBy}`],
      ["delivery", view.delivery],
      ...bindingLines("", view),
      ...bindingLines("under test: ", view.isolated),
      ...(view.shared === undefined || view.shared.length === 0
        ? []
        : [["harmless on both sides", view.shared.join(", ")] as const]),
    ],
  };
}

function bindingLines(
  lead: string,
  { values, secrets }: BoundValues,
): readonly (readonly [string, string])[] {
  const reference = ({ provider, name, version }: SecretReference): string =>
    `(secret ${name} of ${provider}${version === undefined ? "" : `, version ${version}`})`;
  return [
    ...Object.entries(values).map(([key, value]) => [`${lead}${key}`, value] as const),
    ...Object.entries(secrets).map(
      ([key, secret]) => [`${lead}${key}`, reference(secret)] as const,
    ),
  ];
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

/** A view as the document that it came from. */
export function documentOf(view: ConfigurationView | null, lane: Lane): Configuration {
  return {
    kind: "Configuration",
    formatVersion: 1,
    ...lane,
    values: view?.values ?? {},
    secrets: view?.secrets ?? {},
    isolated: view?.isolated ?? { values: {}, secrets: {} },
    ...(view?.shared === undefined ? {} : { shared: view.shared }),
    delivery: view?.delivery ?? "files",
  };
}

/** Keys with new values (an empty one removes the key) and keys that get a secret of the local store. */
export function changed(
  bindings: BoundValues,
  values: readonly (readonly [string, string])[],
  secrets: readonly (readonly [string, string])[],
): BoundValues {
  const result = { values: { ...bindings.values }, secrets: { ...bindings.secrets } };
  for (const [key, value] of values) {
    delete result.values[key];
    delete result.secrets[key];
    if (value !== "") result.values[key] = value;
  }
  for (const [key, name] of secrets) {
    delete result.values[key];
    result.secrets[key] = { provider: "local", name };
  }
  return result;
}
