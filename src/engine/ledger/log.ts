import { toHex } from "../../ledger/bytes.ts";
import { parseCheckpoint, verifyCheckpoint } from "../../ledger/checkpoint.ts";
import { noteKey, noteKeyTypes, parseNote } from "../../ledger/note.ts";
import type { Ledger } from "../../ports/ledger.ts";
import type { Signer } from "../../ports/signer.ts";
import { announce } from "../../store/queries/events.ts";
import { newestCheckpoint } from "../../store/queries/ledger-checkpoints.ts";
import { EntryMarks, marksOf, markWith } from "../../store/queries/ledger-marks.ts";
import {
  isOwnTree,
  markTree,
  readTree,
  sweepQueue,
  type TreeHead,
} from "../../store/queries/ledger-tree.ts";
import { readOnly } from "../../store/queries/ledger.ts";
import type { CheckpointRow } from "../../store/schema-ledger.ts";
import type { Db, Tx } from "../../store/schema.ts";
import { isFromBeforeMarks } from "./before-marks.ts";
import { makeCheckpoint } from "./checkpoint.ts";
import { defaultBounds, type LedgerBounds, ledgerTrouble } from "./health.ts";
import { LedgerKeys, type LedgerKeysParts } from "./keys.ts";
import { isNewer, type KnownTree, type Mirror, whyBehind } from "./mirror.ts";
import { noteVersion } from "./program-version.ts";
import { missingOf, nameProblem, putBack, type ShownCheckpoint } from "./shown.ts";
import { integrate, type ReachLedgerPoint, strangeTree } from "./sequencer.ts";

export interface LedgerLogParts {
  readonly db: Db;
  readonly ledger: Ledger<Db>;
  readonly keys: Omit<LedgerKeysParts, "db">;
  readonly mirror: Mirror | null;
  readonly notice: (message: string) => void;
  readonly bounds?: LedgerBounds;
  /** This server's clock, milliseconds; a test gives another. */
  readonly clock?: () => number;
  readonly reach?: ReachLedgerPoint | undefined;
}

/** Entries: as many dead rows are read in less than a millisecond. */
const tidyAfter = 10_000;

/** Told of a checkpoint after it is durable; what it throws is noticed and changes nothing. */
export type AfterCheckpoint = (checkpoint: CheckpointRow) => Promise<void> | void;

/**
 * The ledger as a tree, for one server: gives entries their place, signs, and knows when it must not.
 * Witnesses and anchors listen with `afterCheckpoint`.
 */
export class LedgerLog {
  readonly keys: LedgerKeys;
  readonly #parts: LedgerLogParts;
  readonly #listeners: AfterCheckpoint[] = [];
  /** The newest that this process has seen: a database that shows less was put back under it. */
  #seen: Pick<TreeHead, "origin" | "size" | "root"> | null = null;
  /** What somebody outside knows and this database does not. */
  #learned: KnownTree | null = null;
  #told = 0;
  #note: string | null = null;
  readonly #answers = new Map<string, { readonly at: string; readonly trouble: string | null }>();
  /** When it was last said that times could not be believed, by the process's own clock. */
  #clampedAt = Number.NEGATIVE_INFINITY;
  /** Entries that have left the queue since its last cleaning. */
  #placed = 0;
  /** Why this server is a stranger to its own database; null when it is not. */
  #stranger: string | null = null;

  constructor(parts: LedgerLogParts) {
    this.#parts = parts;
    this.keys = new LedgerKeys({ ...parts.keys, db: parts.db });
  }

  afterCheckpoint(listener: AfterCheckpoint): void {
    this.#listeners.push(listener);
  }

  /**
   * Looks whether this database is as new as what is known outside of it, then makes keys where there are
   * none and notes which program writes from here on. Answers why it is read-only; null when it is not.
   */
  async open(version: string): Promise<string | null> {
    const { db } = this.#parts;
    const behind = await this.checkWorld();
    const head = await readTree(db);
    const marks = new EntryMarks(await this.keys.sealingKey());
    const own = isOwnTree(marks, head);
    const fromBefore = !own && behind === null && (await isFromBeforeMarks(db, head));
    if (!own && !fromBefore) {
      this.#stranger = strangeTree(head).message;
      return behind ?? this.#stranger;
    }
    markWith(db, marks);
    if (behind) return behind;
    await this.keys.ensure();
    await noteVersion(this.#parts, version, fromBefore ? marks : null);
    return null;
  }

  /** The tree as it stands is ours from here on: a person has declared it the truth. */
  async takeOver(tx: Tx): Promise<void> {
    const marks = new EntryMarks(await this.keys.sealingKey());
    await markTree(tx, marks);
    markWith(this.#parts.db, marks);
    this.#stranger = null;
  }

  /** Why this server writes nothing: its key is not the one that the ledger was written with. */
  get stranger(): string | null {
    return this.#stranger;
  }

  /** Gives what is committed by now its place, and signs. Answers the newest checkpoint. */
  async flush(wait = true): Promise<CheckpointRow | undefined> {
    const { db, reach, notice, bounds, clock } = this.#parts;
    const world = await this.#lookAtWorld();
    const behind = world.why ?? this.#stranger;
    if (behind) throw readOnly(behind);
    await this.#requireOwn(world.head);
    let clamped: string | null = null;
    this.#placed += await integrate(db, {
      wait,
      reach,
      onRejected: notice,
      onClamped: (what) => (clamped = what),
      ...(clock && { clock }),
      ...(bounds && { maxSkewMs: bounds.maxSkewMs }),
    });
    if (clamped !== null) await this.#sayClamped(clamped);
    const head = await this.#requireOwn(await readTree(db));
    this.#see(head);
    await this.#requireShown(head);
    const checkpoint = await makeCheckpoint(
      db,
      head,
      () => this.keys.logSigners(head.origin),
      reach,
    );
    if (checkpoint) this.#show(checkpoint);
    return checkpoint;
  }

  /**
   * What was signed and is not in the database any more, in words; null when nothing is known to be missing. Asked
   * before anything else is signed, which would hide it.
   */
  async missingCheckpoint(): Promise<string | null> {
    const { db } = this.#parts;
    for (let look = 1; ; look += 1) {
      const head = await readTree(db);
      const missing = await missingOf(db, head, this.#shown());
      if (missing) {
        return `the checkpoint of size ${missing.checkpoint.size} was shown by this server and is not in the database: somebody has deleted it`;
      }
      if (head.size === 0 || (await newestCheckpoint(db))) return null;
      // The first one follows its entries in a moment.
      if (look === 10)
        return `the ledger has ${head.size} entries, and no checkpoint: somebody has deleted them all`;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** What can be done between two batches: nobody waits for it. */
  async tidy(): Promise<void> {
    if (this.#placed < tidyAfter) return;
    this.#placed = 0;
    await sweepQueue(this.#parts.db);
  }

  /** What came of the last exchange with somebody outside, `witness <name>` or `anchor <name>`. */
  noteAnswer(place: string, trouble: string | null): void {
    this.#answers.set(place, { at: new Date().toISOString(), trouble });
  }

  /** Null: there was none since this server started. */
  lastAnswer(place: string): { readonly at: string; readonly trouble: string | null } | null {
    return this.#answers.get(place) ?? null;
  }

  /** Why no gate may open now; null when all is well. */
  trouble(): Promise<string | null> {
    const { db, bounds, clock } = this.#parts;
    return ledgerTrouble(db, bounds ?? defaultBounds, clock ?? Date.now);
  }

  /** The newest checkpoint that one of our own keys has signed, by the key itself and not by its row. */
  async signedRoot(db: Db): Promise<{ readonly size: number; readonly root: string } | null> {
    const { origin } = await readTree(db);
    const newest = await newestCheckpoint(db);
    if (!newest) return null;
    const keys = (await this.keys.logSigners()).map(({ name, publicKey }) =>
      noteKey(name, noteKeyTypes.ed25519, publicKey),
    );
    const answer = verifyCheckpoint(newest.note, { origin, keys });
    if (!answer.ok) return null;
    return { size: answer.checkpoint.size, root: toHex(answer.checkpoint.root) };
  }

  /** Signs attestations: the newest evidence key. A caller inside a transaction asks with it. */
  evidenceSigner(db?: Db): Promise<Signer> {
    return this.keys.evidenceSigner(db);
  }

  /** Something outside knows a newer or another tree: nothing is written until a person has recovered. */
  async declareBehind(why: string): Promise<void> {
    const { db, notice } = this.#parts;
    await db.updateTable("ledger_tree").set({ behind: why }).where("behind", "is", null).execute();
    notice(`the ledger is read-only: ${why}`);
  }

  /** The newest checkpoint that is known outside of the database. */
  knownOutside(): KnownTree | null {
    const known = this.#parts.mirror?.read() ?? this.#seen;
    return isNewer(this.#learned, known) ? this.#learned : known;
  }

  /**
   * A witness or an anchor has shown a checkpoint that our own key signed and this database does not have. Kept in the
   * mirror, too: a backup of both holds neither, and a recovery after a restart has to say how much was lost.
   */
  learn(note: string): void {
    const shown = parseCheckpoint(parseNote(note).text);
    if (!isNewer(shown, this.knownOutside())) return;
    this.#learned = shown;
    this.#parts.mirror?.write(note);
  }

  /** The newest checkpoint that was shown from here: by this process, or by one before it. */
  #shown(): ShownCheckpoint | null {
    const note = this.#note ?? this.#parts.mirror?.readNote() ?? null;
    return note === null ? null : { note, checkpoint: parseCheckpoint(parseNote(note).text) };
  }

  /** Once a minute: while a clock is wrong, every entry is one of these. */
  async #sayClamped(message: string): Promise<void> {
    if (performance.now() - this.#clampedAt < 60_000) return;
    this.#clampedAt = performance.now();
    await announce(this.#parts.db, { kind: "ledger.clock", message });
    this.#parts.notice(message);
  }

  /** Nothing further is signed over a checkpoint that was taken away. */
  async #requireShown(head: TreeHead): Promise<void> {
    const { db, ledger, notice } = this.#parts;
    const newest = await newestCheckpoint(db);
    if (newest !== undefined && Number(newest.size) === this.#told) return;
    const missing = await missingOf(db, head, this.#shown());
    if (missing === null) return;
    const answer = await putBack(db, ledger, head, missing);
    if ("why" in answer) {
      await this.declareBehind(answer.why);
      throw readOnly(answer.why);
    }
    await announce(db, { kind: "ledger.difference", message: answer.message });
    notice(answer.message);
  }

  /** Of two that looked at once the later answer may be the older one. */
  #see(head: TreeHead): void {
    if (isNewer(head, this.#seen)) this.#seen = head;
  }

  /** A recovery has made this database the truth: what was known before does not count any more. */
  forget(): void {
    this.#seen = null;
    this.#learned = null;
    this.#told = 0;
    this.#note = null;
  }

  /** Compares the database with what this process and the mirror know. Answers why it is behind. */
  async checkWorld(): Promise<string | null> {
    return (await this.#lookAtWorld()).why;
  }

  async #lookAtWorld(): Promise<{ readonly head: TreeHead; readonly why: string | null }> {
    const { db, mirror } = this.#parts;
    // Before the database is read: what others of this process learn meanwhile is newer than the answer may be.
    const seen = this.#seen;
    const known = seen ?? mirror?.read() ?? null;
    const from = seen ? "this server" : "server/ledger-checkpoint of the data directory";
    const head = await readTree(db);
    if (head.behind) return { head, why: head.behind };
    const same = known?.origin === head.origin && known.size === head.size;
    const named = seen?.origin === head.origin ? null : await nameProblem(db, head);
    const older =
      known && !(same && head.root.equals(known.root))
        ? await whyBehind(db, head, known, from)
        : null;
    const why = older ?? named?.message ?? null;
    if (why) await this.declareBehind(why);
    else this.#see(head);
    return { head, why };
  }

  /** Whether a server with our key has written this head of the tree. */
  hasGrown(head: TreeHead): boolean {
    const marks = marksOf(this.#parts.db);
    return marks !== undefined && isOwnTree(marks, head);
  }

  /** Nothing is built upon, and nothing signed, that no server has grown. */
  async #requireOwn(head: TreeHead): Promise<TreeHead> {
    const { db } = this.#parts;
    if (!marksOf(db)) markWith(db, new EntryMarks(await this.keys.sealingKey()));
    if (this.hasGrown(head)) return head;
    const { message } = strangeTree(head);
    await this.declareBehind(message);
    throw readOnly(message);
  }

  #show(checkpoint: CheckpointRow): void {
    const size = Number(checkpoint.size);
    if (size <= this.#told) return;
    this.#told = size;
    this.#note = checkpoint.note;
    this.#parts.mirror?.write(checkpoint.note);
    for (const listener of this.#listeners) {
      // Nobody's network holds up the next entries.
      void Promise.resolve()
        .then(() => listener(checkpoint))
        .catch((error: unknown) => {
          this.#parts.notice(`after the ledger's checkpoint: ${String(error)}`);
        });
    }
  }
}
