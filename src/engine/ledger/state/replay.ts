import { toHex } from "../../../ledger/bytes.ts";
import { opens } from "../../../ledger/entry.ts";
import { Frontier } from "../../../ledger/range.ts";
import type { LeafEntry, Opening } from "../../../model/ledger.ts";
import type { TableProjection } from "../../../store/projections/projection.ts";
import { projections } from "../../../store/projections/registry.ts";
import { readLeaves, type StoredLeaf } from "../../../store/queries/ledger-read.ts";
import { queuedEntries } from "../../../store/queries/ledger-state.ts";
import type { TreeHead } from "../../../store/queries/ledger-tree.ts";
import type { Db } from "../../../store/schema.ts";
import { about, type Difference, leafProblem, missingEntry, type Said } from "./difference.ts";

/** What the whole log says, entry by entry. */
export interface Replayed {
  readonly said: ReadonlyMap<string, ReadonlyMap<string, Said>>;
  readonly size: number;
  /** Who did it, by `authorKey`. */
  readonly actors: ReadonlyMap<string, { readonly actor: string; readonly index: number | null }>;
  /** Digests of envelopes that entries name. */
  readonly attestations: ReadonlySet<unknown>;
  /** Digests of plans that entries name. */
  readonly plans: ReadonlySet<string>;
  /** Names of the logs that recoveries have opened, by their number; and how each log key was introduced last. */
  readonly successors: ReadonlyMap<string, unknown>;
  readonly keyNames: ReadonlyMap<unknown, unknown>;
  /** Witnesses and anchors that are asked now, as they were added. */
  readonly outside: ReadonlyMap<string, ReadonlyMap<string, Record<string, unknown>>>;
  readonly tree: RebuiltTree;
}

/** The tree as the entries give it. */
export interface RebuiltTree {
  readonly root: string;
  readonly frontier: string;
  /** Hash by `<level>/<index>`. */
  readonly nodes: ReadonlyMap<string, string>;
  /** Milliseconds, of the last leaf. */
  readonly lastTime: number | null;
}

/** Hex, by size: of every checkpoint that stands in the database, and of the one that our own key has signed. */
export type SignedRoots = ReadonlyMap<number, readonly string[]>;

export function authorKey({ kind, operation }: { kind: string; operation: string }): string {
  return `${kind} ${operation}`;
}

const pageSize = 1_000;

/**
 * Reads the log from its beginning: each opening against its commitment, each leaf, and the root against one that
 * was signed. What is committed and has no place yet counts behind it.
 */
export async function replay(
  db: Db,
  { size }: Pick<TreeHead, "size">,
  signed: SignedRoots,
): Promise<Replayed | Difference> {
  const notes = new Notes();
  const closed = new Map<number, StoredLeaf>();
  const frontier = Frontier.empty();
  const nodes = new Map<string, string>();
  let lastTime: number | null = null;
  while (frontier.size < size) {
    const leaves = await readLeaves(db, frontier.size, frontier.size + pageSize);
    if (leaves.length === 0) return missingEntry(frontier.size);
    for (const leaf of leaves) {
      const problem = leafProblem(leaf, frontier.size);
      if (problem) return problem;
      frontier.append(leaf.hash, (level, index, hash) => {
        if (level > 0 && level % 8 === 0) nodes.set(`${level / 8}/${index}`, toHex(hash));
      });
      const shown = signed.get(frontier.size);
      if (shown !== undefined) {
        const root = toHex(frontier.root());
        if (shown.some((one) => one !== root)) return anotherRoot(frontier.size, shown, root);
      }
      lastTime = Date.parse(leaf.entry.time);
      if (leaf.opening === null) closed.set(leaf.index, leaf);
      else if (leaf.entry.kind === "payload.erased") {
        closed.delete(Number(leaf.opening.payload["entry"]));
      }
      notes.take(leaf.index, leaf.entry, leaf.opening);
    }
  }
  if (Math.max(...signed.keys()) > size) return missingEntry(size);
  const [taken] = closed.values();
  if (taken) return takenAway(taken);
  const tree = {
    root: toHex(frontier.root()),
    frontier: frontier.hashes.map(toHex).join(""),
    nodes,
    lastTime,
  };
  const waiting = await takeQueued(db, notes);
  return waiting ?? { ...notes.all, size, tree };
}

async function takeQueued(db: Db, notes: Notes): Promise<Difference | null> {
  for (const { entry, opening } of await queuedEntries(db)) {
    if (opening && !opens(entry, opening)) {
      const message = `the payload of ${entry.kind} ${entry.operation} was changed before it had its place`;
      const row = entry.operation;
      return { table: "ledger_entries", row, column: "payload", index: null, message };
    }
    notes.take(null, entry, opening);
  }
  return null;
}

function anotherRoot(size: number, shown: readonly string[], root: string): Difference {
  const message = `the first ${size} entries have the root ${root}, signed is ${shown.join(" and ")}: they were rewritten`;
  return about("ledger_leaves", message);
}

/** Without its payload an entry agrees with any row: only an erasure that is itself in the log may take it. */
function takenAway({ index, entry }: StoredLeaf): Difference {
  const message = `the payload of entry ${index} (${entry.kind} ${entry.operation}) is gone, and no entry of the log says that it was erased`;
  return { table: "ledger_entries", row: entry.operation, column: "payload", index, message };
}

/** Kinds whose actors rows name. */
const authored: ReadonlySet<string> = new Set([
  "governance.set",
  "policy.proposed",
  "policy.signed",
  "policy.changed",
  "policy.void",
  "signal.recorded",
  "stop.set",
  "stop.cleared",
  "waiver.proposed",
  "break-glass.opened",
  "finding.imported",
  "finding.acted",
  "finding.settled",
  "document.registered",
  "release.created",
  "configuration.applied",
  "secret.put",
  "promotion.accepted",
  "promotion.abort-wanted",
  "attestation.added",
  "person.key-added",
  "person.key-removed",
  "person.linked",
  "person.vouched",
  "access.review-started",
  "access.reviewed",
  "person.standing-set",
  "passkey.added",
  "passkey.removed",
  "identity.linked",
  "identity.unlinked",
  "provider.vouches",
  "provider.vouches-no-more",
  "workload.ruled",
  "workload.unruled",
  "token.created",
  "token.revoked",
  "account.link-made",
  "role.defined",
  "role.assigned",
  "role.unassigned",
  "grant.added",
  "grant.removed",
  "hold.added",
  "hold.removed",
  "erasure.requested",
  "payload.erased",
  "person.erased",
]);

class Notes {
  readonly #byKind = new Map(
    projections.flatMap((one) => one.kinds.map((kind) => [kind, one] as const)),
  );
  readonly all = {
    said: new Map(projections.map(({ table }) => [table as string, new Map<string, Said>()])),
    actors: new Map<string, { actor: string; index: number | null }>(),
    attestations: new Set<unknown>(),
    plans: new Set<string>(),
    successors: new Map<string, unknown>(),
    keyNames: new Map<unknown, unknown>(),
    outside: new Map([
      ["witness", new Map<string, Record<string, unknown>>()],
      ["anchor", new Map<string, Record<string, unknown>>()],
    ]),
  };

  take(
    index: number | null,
    entry: Pick<LeafEntry, "kind" | "operation" | "actor">,
    opening: Opening | null,
  ): void {
    const { kind, operation, actor } = entry;
    const payload = opening?.payload ?? {};
    const named = payload["attestations"];
    if (Array.isArray(named)) for (const digest of named) this.all.attestations.add(digest);
    if (authored.has(kind)) this.all.actors.set(authorKey(entry), { actor, index });
    if (kind === "promotion.changed") this.all.plans.add(String(payload["planDigest"]));
    if (kind === "log.succeeded") this.all.successors.set(operation, payload["origin"]);
    if (kind === "key.added" && payload["use"] === "log") {
      this.all.keyNames.set(payload["id"], payload["key"]);
    }
    this.#takeOutside(kind, payload);
    const projection = this.#byKind.get(kind);
    if (projection)
      note(this.all.said.get(projection.table), projection, { index, operation, opening });
  }

  #takeOutside(kind: string, payload: Record<string, unknown>): void {
    const [what = "", done] = kind.split(".");
    const present = this.all.outside.get(what);
    const name = String(payload["name"]);
    if (done === "added") present?.set(name, payload);
    else if (done === "removed") present?.delete(name);
  }
}

function note(
  rows: Map<string, Said> | undefined,
  projection: TableProjection,
  {
    index,
    operation,
    opening,
  }: { index: number | null; operation: string; opening: Opening | null },
): void {
  const [key, changes] = projection.counted ? cut(operation) : [operation, null];
  const before = rows?.get(key);
  // Entries of one row may swap places in the log when two transactions commit at one moment: the count decides.
  if (before && (before.changes ?? 0) > (changes ?? 0)) return;
  rows?.set(key, { index, changes, columns: opening?.payload ?? null });
}

/** `lane/shop/production/7` is the seventh writing of `lane/shop/production`. */
function cut(operation: string): readonly [string, number] {
  const at = operation.lastIndexOf("/");
  return [operation.slice(0, at), Number(operation.slice(at + 1))];
}
