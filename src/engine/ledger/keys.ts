import { sql } from "kysely";
import { type Introduction, makeIntroduction } from "../../ledger/introduction.ts";
import { asTidelockError, TidelockError } from "../../model/errors.ts";
import type { Signer } from "../../ports/signer.ts";
import {
  generateKey,
  keyIdOf,
  type PrivateKey,
  readKeyFile,
  unsealKey,
} from "../../store/ledger-keys.ts";
import { keysProjection } from "../../store/projections/trust.ts";
import { recordRows } from "../../store/projections/projection.ts";
import { readTree } from "../../store/queries/ledger-tree.ts";
import type { LedgerKeyRow } from "../../store/schema-ledger.ts";
import type { Db } from "../../store/schema.ts";
import { activeKeys, counted, keyById, type KeyUse, publicForm } from "./key-rows.ts";

export interface LedgerKeysParts {
  readonly db: Db;
  /** The key under which private keys are sealed; `make` once, when there is nothing sealed yet. */
  readonly master: { readonly read: () => Buffer | undefined; readonly make: () => Buffer };
  /** PEM files of keys that are given from outside, by use. */
  readonly files?: Readonly<Partial<Record<KeyUse, string>>>;
}

/** How long an old key signs beside its successor, so that nobody is left with a key that says nothing. */
export const defaultOverlapMs = 7 * 86_400_000;

const keysLock = 7_468_004;

/**
 * The ledger's signing keys. `log` signs checkpoints, `evidence` signs attestations.
 *
 *   (none) --ensure--> active --rotate--> active until (both sign) --retireDue--> retired
 *                         \------------------ compromise ------------------> compromised (signs nothing)
 *
 * Each change is an entry of the ledger, so that the history of keys is part of what they sign.
 */
export class LedgerKeys {
  readonly #parts: LedgerKeysParts;
  readonly #opened = new Map<string, PrivateKey>();

  constructor(parts: LedgerKeysParts) {
    this.#parts = parts;
  }

  /** Makes the first keys, and takes in those that are given from outside. Two servers make one of each. */
  async ensure(): Promise<void> {
    await this.#exclusively(async (tx) => {
      for (const use of ["log", "evidence"] as const) {
        const given = this.#given(use);
        const rows = await activeKeys(tx, use);
        if (given.length > 0) await this.#take(tx, use, given, rows);
        else if (rows.length === 0)
          await this.#add(tx, use, "tidelock", generateKey(), "first key");
      }
    });
  }

  /** All that sign checkpoints now, under the name of the log that is being written. */
  async logSigners(known?: string): Promise<readonly Signer[]> {
    const origin = known ?? (await readTree(this.#parts.db)).origin;
    return this.#signers("log", origin);
  }

  /** The newest key for attestations. */
  async evidenceSigner(db: Db = this.#parts.db): Promise<Signer> {
    const { origin } = await readTree(db);
    const [signer] = await this.#signers("evidence", `${origin}#evidence`, db);
    if (signer) return signer;
    throw new TidelockError("unavailable", "there is no key to sign attestations with", {
      hint: "make one: tidelock ledger key rotate --use evidence",
    });
  }

  async #signers(use: KeyUse, name: string, db: Db = this.#parts.db): Promise<readonly Signer[]> {
    const rows = await activeKeys(db, use);
    return rows.map((row) => {
      const key = this.#open(row);
      return { name, publicKey: key.publicKey, sign: (message) => key.signBeside(message) };
    });
  }

  /** A new key; the old ones go on signing beside it for a while. Answers the new key's id. */
  async rotate(actor: string, use: KeyUse, overlapMs = defaultOverlapMs): Promise<string> {
    if (this.#given(use).length > 0) {
      throw new TidelockError("conflict", "this key is given from outside, and changed there", {
        fault: "operator",
        hint: "put the new key before the old one in the same file, and start the server again",
      });
    }
    return this.#exclusively(async (tx) => {
      const before = await activeKeys(tx, use);
      await this.#limit(tx, before, overlapMs);
      return this.#add(tx, use, actor, generateKey(), "rotation", before[0]);
    });
  }

  /**
   * Somebody else may have the key: it signs nothing from now on, and what it signed is believed up to the
   * size that independent witnesses had seen. A successor is made in the same moment.
   */
  async compromise(actor: string, id: string, trustedSize: number): Promise<void> {
    await this.#exclusively(async (tx) => {
      const row = await keyById(tx, id);
      if (row.compromised_at) {
        throw new TidelockError("conflict", `the key ${id} is known to be compromised`, {
          fault: "operator",
          where: id,
        });
      }
      const changed = await tx
        .updateTable("ledger_keys")
        .set({
          compromised_at: sql<Date>`clock_timestamp()`,
          trusted_size: trustedSize,
          changes: counted,
        })
        .where("key_id", "=", id)
        .returningAll()
        .executeTakeFirstOrThrow();
      await this.#note(tx, "key.compromised", changed, actor);
      const left = await activeKeys(tx, row.use);
      if (left.length === 0 && this.#given(row.use).length === 0) {
        await this.#add(tx, row.use, actor, generateKey(), `instead of ${id}`);
      }
    });
  }

  /** Ends the overlap of keys whose time is over. */
  async retireDue(): Promise<void> {
    await this.#exclusively(async (tx) => {
      const due = await tx
        .updateTable("ledger_keys")
        .set({ retired_at: sql<Date>`clock_timestamp()`, changes: counted })
        .where("signs_until", "<=", sql<Date>`clock_timestamp()`)
        .where("retired_at", "is", null)
        .where("compromised_at", "is", null)
        .returningAll()
        .execute();
      for (const row of due) await this.#note(tx, "key.retired", row, "tidelock");
    });
  }

  /** A successor log has another name, and so its keys have other ids in notes: they are introduced again. */
  async introduce(tx: Db, actor: string): Promise<void> {
    for (const { key_id } of await activeKeys(tx, "log")) {
      const row = await tx
        .updateTable("ledger_keys")
        .set({ changes: counted })
        .where("key_id", "=", key_id)
        .returningAll()
        .executeTakeFirstOrThrow();
      await this.#note(tx, "key.added", row, actor, "the log has a new name");
    }
  }

  #given(use: KeyUse): readonly PrivateKey[] {
    const file = this.#parts.files?.[use];
    if (file === undefined) return [];
    const keys = readKeyFile(file);
    for (const key of keys) this.#opened.set(keyIdOf(key.publicKey), key);
    return keys;
  }

  /** What the file holds signs; what it does not hold any more has signed for the last time. */
  async #take(
    tx: Db,
    use: KeyUse,
    given: readonly PrivateKey[],
    rows: readonly LedgerKeyRow[],
  ): Promise<void> {
    const ids = new Set(given.map((key) => keyIdOf(key.publicKey)));
    const gone = rows.filter((row) => !ids.has(row.key_id));
    await this.#limit(
      tx,
      gone.filter((row) => row.sealed !== null),
      defaultOverlapMs,
    );
    await this.#limit(
      tx,
      gone.filter((row) => row.sealed === null),
      0,
    );
    // One of the keys that are here introduces what is new; one that was taken out of the file cannot any more.
    const before = rows.find((row) => row.sealed !== null || ids.has(row.key_id));
    for (const key of given.toReversed()) {
      if (rows.some((row) => row.key_id === keyIdOf(key.publicKey))) continue;
      await this.#add(tx, use, "tidelock", key, "given from outside", before);
    }
  }

  async #limit(tx: Db, rows: readonly LedgerKeyRow[], ms: number): Promise<void> {
    for (const { key_id } of rows.filter(({ signs_until }) => signs_until === null)) {
      const row = await tx
        .updateTable("ledger_keys")
        .set({
          signs_until: sql<Date>`clock_timestamp() + ${ms} * interval '1 millisecond'`,
          changes: counted,
        })
        .where("key_id", "=", key_id)
        .returningAll()
        .executeTakeFirstOrThrow();
      await this.#note(tx, "key.ending", row, "tidelock");
    }
  }

  /** @param before the key that it follows, which introduces it: also who knows only that one can go on */
  async #add(
    tx: Db,
    use: KeyUse,
    actor: string,
    key: PrivateKey,
    reason: string,
    before?: LedgerKeyRow,
  ): Promise<string> {
    const id = keyIdOf(key.publicKey);
    const outside = this.#given(use).some((one) => keyIdOf(one.publicKey) === id);
    const row = await tx
      .insertInto("ledger_keys")
      .values({
        key_id: id,
        use,
        public_key: key.publicKey,
        sealed: outside ? null : key.seal(await this.#master(tx)),
        changes: 1,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
    if (!row) {
      throw new TidelockError("conflict", `the key ${id} was retired or compromised before`, {
        fault: "operator",
        where: id,
        hint: "give a key that was never used here",
      });
    }
    const introduction = use === "log" && before ? await this.#introduction(tx, before, row) : null;
    await this.#note(tx, "key.added", row, actor, reason, introduction);
    return id;
  }

  /** What private keys are sealed under and marks are made with; made here at the first start. */
  async sealingKey(): Promise<Buffer> {
    return this.#parts.master.read() ?? (await this.#exclusively((tx) => this.#master(tx)));
  }

  /** Null where the key before is not here: then only a checkpoint that both sign can introduce the new one. */
  async #introduction(
    tx: Db,
    before: LedgerKeyRow,
    row: LedgerKeyRow,
  ): Promise<Introduction | null> {
    const { origin } = await readTree(tx);
    const key = this.#openIfHere(before);
    return (
      key &&
      makeIntroduction(publicForm(before, origin), publicForm(row, origin), (text) =>
        key.sign(text),
      )
    );
  }

  /** A sealing key is made only while nothing is sealed: beside sealed keys it would hide that theirs is lost. */
  async #master(tx: Db): Promise<Buffer> {
    const known = this.#parts.master.read();
    if (known) return known;
    const sealed = await tx
      .selectFrom("ledger_keys")
      .select("key_id")
      .where("sealed", "is not", null)
      .limit(1)
      .executeTakeFirst();
    if (!sealed) return this.#parts.master.make();
    throw new TidelockError("not-found", "the file that opens the ledger's keys is gone", {
      fault: "operator",
      where: "server/ledger.key",
      hint: "restore it from a backup of the data directory; every server of a database needs the same one",
    });
  }

  #open(row: LedgerKeyRow): PrivateKey {
    const known = this.#opened.get(row.key_id);
    if (known) return known;
    const master = this.#parts.master.read();
    if (!row.sealed || !master) {
      const what = row.sealed ? "server/ledger.key" : "the key file that was given from outside";
      throw new TidelockError("unavailable", `the ledger's key ${row.key_id} is not here`, {
        where: what,
        hint: `every server of a database needs ${what}; until then this one signs nothing`,
      });
    }
    const key = unsealKey(master, row.key_id, row.sealed);
    this.#opened.set(row.key_id, key);
    return key;
  }

  #openIfHere(row: LedgerKeyRow): PrivateKey | null {
    try {
      return this.#open(row);
    } catch (error) {
      if (asTidelockError(error).code === "unavailable") return null;
      throw error;
    }
  }

  async #note(
    tx: Db,
    kind: string,
    row: LedgerKeyRow,
    actor: string,
    reason?: string,
    introduction: Introduction | null = null,
  ): Promise<void> {
    const { origin } = await readTree(tx);
    const more = {
      key: publicForm(row, origin),
      ...(reason === undefined ? {} : { reason }),
      ...(introduction === null ? {} : { introduction: { ...introduction } }),
    };
    await recordRows(tx, keysProjection, [row], { kind, actor, more });
  }

  async #exclusively<T>(work: (tx: Db) => Promise<T>): Promise<T> {
    return this.#parts.db.transaction().execute(async (tx) => {
      await sql`select pg_advisory_xact_lock(${keysLock})`.execute(tx);
      return work(tx);
    });
  }
}
