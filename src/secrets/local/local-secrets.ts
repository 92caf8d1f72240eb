import type { SecretReference } from "../../model/configuration.ts";
import { TidelockError } from "../../model/errors.ts";
import { type Lane, laneKey } from "../../model/primitives.ts";
import type { SecretProvider } from "../../ports/secrets.ts";
import { createKey, readKey } from "./key-file.ts";
import { describe, keyId, seal, type SecretPlace, unseal } from "./seal.ts";

/** One stored version, encrypted. */
export interface SealedSecret {
  readonly version: number;
  readonly keyId: string;
  readonly sealed: Buffer;
}

/** Where the ciphertext is kept: the store's `secretTable` in production. `Tx` is the caller's transaction. */
export interface SecretTable<Tx> {
  /** Gives the next version of the name to `sealAs` and stores what it returns, as one. */
  append(
    tx: Tx,
    lane: Lane,
    name: string,
    actor: string,
    sealAs: (version: number) => SealedSecret,
  ): Promise<number>;
  /** One version, or the newest. */
  find(lane: Lane, name: string, version?: number): Promise<SealedSecret | undefined>;
  /** The newest version of each name. */
  list(lane: Lane): Promise<readonly { name: string; version: number; createdAt: Date }[]>;
  isEmpty(): Promise<boolean>;
}

/**
 * The first secret provider: AES-256-GCM under a key that lies in a file of the server (0600), with the
 * ciphertext in the database. Whoever has only one of the two has nothing. Old versions are kept, because
 * a configuration may pin one. No value ever appears in an error or a log.
 */
export class LocalSecrets<Tx> implements SecretProvider {
  readonly id = "local";
  readonly #table: SecretTable<Tx>;
  readonly #keyFile: string;

  /** @param keyFile `server/secrets.key` of the data directory */
  constructor(table: SecretTable<Tx>, keyFile: string) {
    this.#table = table;
    this.#keyFile = keyFile;
  }

  /**
   * Stores a new version of a secret in the caller's transaction.
   *
   * @throws TidelockError `not-found` when secrets are stored already but their key is gone
   */
  async put(
    tx: Tx,
    lane: Lane,
    secret: { readonly name: string; readonly value: string; readonly actor: string },
  ): Promise<{ name: string; version: string }> {
    const key = readKey(this.#keyFile) ?? (await this.#firstKey());
    const { name, value, actor } = secret;
    const version = await this.#table.append(tx, lane, name, actor, (next) => ({
      version: next,
      keyId: keyId(key),
      sealed: seal(key, { lane, name, version: next }, value),
    }));
    return { name, version: String(version) };
  }

  /** Names and versions; never values. */
  async list(lane: Lane): Promise<readonly { name: string; version: string; createdAt: string }[]> {
    const found = await this.#table.list(lane);
    return found.map(({ name, version, createdAt }) => ({
      name,
      version: String(version),
      createdAt: createdAt.toISOString(),
    }));
  }

  /**
   * @throws TidelockError `not-found` (no such secret, version or key), `incompatible` (sealed under
   *   another key), `digest-mismatch` (the ciphertext was changed)
   */
  async resolve(lane: Lane, reference: SecretReference): Promise<string> {
    const wanted = reference.version === undefined ? undefined : parseVersion(lane, reference);
    const found = await this.#table.find(lane, reference.name, wanted);
    if (!found) throw missing(lane, reference);
    const key = readKey(this.#keyFile);
    if (!key) throw keyGone(this.#keyFile);
    const place: SecretPlace = { lane, name: reference.name, version: found.version };
    if (found.keyId !== keyId(key)) throw otherKey(place, this.#keyFile);
    return unseal(key, place, found.sealed);
  }

  /** A key is made for an empty store only: beside stored secrets, a new one would hide that theirs is lost. */
  async #firstKey(): Promise<Buffer> {
    if (await this.#table.isEmpty()) return createKey(this.#keyFile);
    // Another operator's first secret may have come between our two looks: its key came before it.
    const made = readKey(this.#keyFile);
    if (made) return made;
    throw keyGone(this.#keyFile);
  }
}

function parseVersion(lane: Lane, reference: SecretReference): number {
  if (/^[1-9]\d{0,8}$/.test(reference.version ?? "")) return Number(reference.version);
  throw missing(lane, reference);
}

function missing(lane: Lane, { name, version }: SecretReference): TidelockError {
  const what = version === undefined ? name : `${name} version ${version}`;
  return new TidelockError("not-found", `there is no secret ${what} for ${laneKey(lane)}`, {
    fault: "operator",
    where: laneKey(lane),
    hint: `set it with: tidelock secret set ${name} --service ${lane.service} --environment ${lane.environment}`,
  });
}

function keyGone(keyFile: string): TidelockError {
  return new TidelockError("not-found", "the key of the stored secrets is missing", {
    fault: "operator",
    where: keyFile,
    hint: "restore the file from a backup of the data directory",
  });
}

function otherKey(place: SecretPlace, keyFile: string): TidelockError {
  return new TidelockError("incompatible", `${describe(place)} was sealed under another key`, {
    fault: "operator",
    where: keyFile,
    hint: "restore the key file that belongs to this database, or set the secret again",
  });
}
