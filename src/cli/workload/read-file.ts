import { readFileSync, statSync } from "node:fs";
import { z } from "zod";
import { TidelockError } from "../../model/errors.ts";
import { PublicJwk } from "../../model/workload.ts";

const maxBytes = 256 * 1024;

/** A small file that somebody names, or what is piped in where they write `-`. */
export function readSmall(file: string, what: string): string {
  try {
    if (file !== "-" && statSync(file).size > maxBytes)
      throw new Error("it is longer than 256 KiB");
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (cause) {
    throw new TidelockError(
      "invalid-input",
      `${what} cannot be read: ${(cause as Error).message}`,
      {
        fault: "operator",
        where: file,
        cause,
      },
    );
  }
}

/** A set of public keys (RFC 7517 5); of each what is public. */
export function readJwks(file: string): PublicJwk[] {
  const known = Object.keys(PublicJwk.shape);
  const Key = z.looseObject({ kty: z.string() }).transform((key, context) => {
    if ("d" in key || "k" in key) {
      context.addIssue("this is a private key: give the public ones");
      return z.NEVER;
    }
    return Object.fromEntries(Object.entries(key).filter(([name]) => known.includes(name)));
  });
  const Set = z.object({ keys: z.array(Key.pipe(PublicJwk)).min(1).max(20) });
  const text = readSmall(file, "the keys");
  try {
    return Set.parse(JSON.parse(text)).keys;
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : "it is not JSON";
    throw new TidelockError("invalid-input", `this is no set of public keys: ${why}`, {
      fault: "operator",
      where: file,
      hint: 'a JWKS: {"keys":[…]}, as the issuer publishes it; of Kubernetes: kubectl get --raw /openid/v1/jwks',
    });
  }
}
