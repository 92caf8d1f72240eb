import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { TidelockError } from "../model/errors.ts";
import { type IdentityProvider, IdentityProviders } from "../model/identity-provider.ts";
import { readYaml } from "../pipeline-file/read-yaml.ts";
import { requireSafe } from "./ask-issuer.ts";

/** A provider with its secret. */
export interface KnownProvider {
  readonly settings: IdentityProvider;
  readonly secret: string | null;
}

export interface KnownProviders {
  readonly publicUrl: string;
  readonly providers: readonly KnownProvider[];
}

/**
 * Reads `--identity-providers`: who may say who people are. Nobody but this server's user may write it, and secrets
 * may be read by nobody else.
 *
 * @throws TidelockError `invalid-input` with everything that is wrong
 */
export function readProviders(path: string): KnownProviders {
  const text = readGuarded(path, 0o022, "may be written by others: whoever does lets anybody in");
  const { documents, problems } = readYaml(path, text);
  const [document] = documents;
  if (problems.length > 0 || document === undefined || documents.length > 1) {
    const [first] = problems;
    throw wrong(first?.where ?? path, first?.message ?? "one document is expected", problems);
  }
  const parsed = IdentityProviders.safeParse(document.value);
  if (!parsed.success) {
    const found = parsed.error.issues.map(({ path: at, message }) => ({
      where: document.at(at as (string | number)[]),
      message: `${at.map(String).join(".") || "the document"}: ${message}`,
    }));
    throw wrong(found[0]?.where ?? path, found[0]?.message ?? "", found);
  }
  const { publicUrl, providers } = parsed.data;
  requireSafe(publicUrl);
  return {
    publicUrl,
    providers: providers.map((settings) => {
      requireSafe(settings.issuer);
      return { settings, secret: readSecret(dirname(path), settings) };
    }),
  };
}

function readSecret(folder: string, { clientSecretFile, id }: IdentityProvider): string | null {
  if (clientSecretFile === undefined) return null;
  const file = resolve(folder, clientSecretFile);
  const secret = readGuarded(file, 0o077, "may be read by others: chmod 0600").trim();
  if (secret !== "") return secret;
  throw wrong(file, `the secret of ${id} is empty`, []);
}

const maxBytes = 256_000;

function readGuarded(path: string, forbidden: number, why: string): string {
  let mode: number;
  try {
    const { mode: found, size } = statSync(path);
    if (size > maxBytes) throw new Error("it is longer than 256,000 bytes");
    mode = found;
    if ((mode & forbidden) === 0) return readFileSync(path, "utf8");
  } catch (cause) {
    throw wrong(path, `the file cannot be read: ${(cause as Error).message}`, []);
  }
  throw wrong(path, `the file ${why}`, []);
}

function wrong(
  where: string,
  message: string,
  problems: readonly { readonly where: string; readonly message: string }[],
): TidelockError {
  return new TidelockError("invalid-input", message, {
    fault: "operator",
    where,
    hint: "docs/identity-providers.md describes the file of identity providers",
    ...(problems.length > 1 ? { problems } : {}),
  });
}
