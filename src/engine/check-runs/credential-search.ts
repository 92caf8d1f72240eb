import type { Configuration, SecretReference } from "../../model/configuration.ts";
import type { Slot } from "../../model/primitives.ts";
import type { CredentialSearch } from "../../ports/check.ts";
import { recordSecretRead, resolveBindings } from "../slots/bindings.ts";
import type { Engine } from "../engine.ts";

/** Shorter ones stand in any text by chance. */
const shortest = 6;
/** `postgres://user:password@host`: a value that is a credential. */
const withPassword = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i;

/**
 * Lets the agent look for the live side's credentials in what the instances on a slot really were given:
 * delivered files, variables, environments of running processes. What comes back are names (law 11).
 */
export async function searchCredentials(
  engine: Engine,
  slot: Slot,
  configuration: Configuration,
): Promise<CredentialSearch> {
  const shared = configuration.shared ?? [];
  const wanted = credentialKeys(configuration).filter((key) => !shared.includes(key));
  const references = wanted.flatMap((key): SecretReference[] => {
    const reference = configuration.secrets[key];
    return reference === undefined ? [] : [reference];
  });
  await recordSecretRead(engine, slot, {
    for: `proving that ${slot.colour}, under test, has none of them`,
    references,
  });
  const live = await resolveBindings(engine, slot, configuration, "live");
  const values: Record<string, string> = {};
  const tooShort: string[] = [];
  for (const key of wanted) {
    const value = live[key] ?? "";
    if (value.length < shortest) tooShort.push(key);
    else values[key] = value;
  }
  const found = await engine.agent.call("slot.search", {
    slot: { service: slot.service, environment: slot.environment, colour: slot.colour },
    values,
  });
  return {
    looked: Object.keys(values).sort(),
    shared: [...shared].sort(),
    tooShort: tooShort.sort(),
    places: found.places,
    unreadable: found.unreadable,
    bindings: found.bindings,
    found: found.found,
  };
}

/** Keys of the live side whose values open something. */
export function credentialKeys(configuration: Configuration): readonly string[] {
  const values = Object.entries(configuration.values);
  return [
    ...Object.keys(configuration.secrets),
    ...values.filter(([, value]) => withPassword.test(value)).map(([key]) => key),
  ];
}
