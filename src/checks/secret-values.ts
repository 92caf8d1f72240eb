import { z } from "zod";
import { ConfigurationKey } from "../model/configuration.ts";
import { TidelockError } from "../model/errors.ts";
import type { CheckContext } from "../ports/check.ts";

/** In a check's configuration, in place of a text that must not stand there. */
export const SecretName = z.strictObject({ secret: ConfigurationKey });

/**
 * A value of a check's configuration: as it stands, or the secret that it names (`{ secret: KEY }`), read at the
 * run and kept out of every report by the engine.
 *
 * @throws TidelockError `not-found` when the environment does not give that key to what is tested
 */
export async function secretOf(
  context: Pick<CheckContext, "readSecret">,
  value: string | { readonly secret: string },
): Promise<string> {
  if (typeof value === "string") return value;
  if (context.readSecret) return context.readSecret(value.secret);
  throw new TidelockError("unsupported", "secrets are read by a server, and none is here", {
    fault: "operator",
    where: value.secret,
  });
}
