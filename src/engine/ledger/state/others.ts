import { canonicalJson, digestOf } from "../../../model/canonical.ts";
import { journalEntry, journalHash } from "../../../store/projections/journal.ts";
import { feedContent, readFeed } from "../../../store/queries/feeds.ts";
import { findingDifference } from "../../../store/queries/finding-state.ts";
import { listAnchors, listWitnesses } from "../../../store/queries/ledger-outside.ts";
import {
  agentHeads,
  changedContent,
  plansAfter,
  strayEntry,
} from "../../../store/queries/ledger-state.ts";
import type { Db } from "../../../store/schema.ts";
import { about, type Difference } from "./difference.ts";
import type { Replayed } from "./replay.ts";

/** Tables that no entry writes row by row, each held against what the log says of it. */
export async function otherDifference(db: Db, replayed: Replayed): Promise<Difference | null> {
  return (
    (await unnamedAttestation(db, replayed.attestations)) ??
    (await planDifference(db, replayed.plans)) ??
    (await contentDifference(db)) ??
    (await feedDifference(db)) ??
    (await agentDifference(db)) ??
    (await outsideDifference(db, replayed.outside)) ??
    (await standingDifference(db))
  );
}

/** Findings follow from imports and acts, of which each has an entry. */
async function standingDifference(db: Db): Promise<Difference | null> {
  const found = await findingDifference(db, null);
  return found && { ...found, index: null };
}

/** An entry that was taken out of the queue would never come into the log. */
export async function strayDifference(db: Db): Promise<Difference | null> {
  const stray = await strayEntry(db);
  if (!stray) return null;
  const message = `the entry ${stray.kind} ${stray.operation} was committed and is on no way into the log: somebody took it out of the queue`;
  return { ...about("ledger_queue", message), row: stray.operation };
}

/** An envelope that no entry names was put there by somebody else. Erased ones have no bytes to lean on. */
async function unnamedAttestation(db: Db, named: ReadonlySet<unknown>): Promise<Difference | null> {
  const rows = await db
    .selectFrom("attestations")
    .select(["digest", "release"])
    .where("origin", "=", "own")
    .where("erased_at", "is", null)
    .execute();
  const stray = rows.find(({ digest }) => !named.has(digest));
  if (!stray) return null;
  const message = `attestations: ${stray.digest} about ${stray.release} is named by no entry of the log`;
  return { ...about("attestations", message), row: stray.digest };
}

/** Each plan stands under its own digest, and every plan that the log names is there. */
async function planDifference(db: Db, named: ReadonlySet<string>): Promise<Difference | null> {
  const missing = new Set(named);
  let after = "";
  for (;;) {
    const plans = await plansAfter(db, after);
    for (const { digest, content } of plans) {
      missing.delete(digest);
      const is = digestOf(content);
      if (is === digest) continue;
      const message = `plans: the plan under ${digest} has the digest ${is}: it was changed`;
      return { ...about("plans", message), row: digest, column: "content" };
    }
    const last = plans.at(-1);
    if (!last) break;
    after = last.digest;
  }
  const [gone] = missing;
  if (gone === undefined) return null;
  return { ...about("plans", `plans: ${gone} is in the log and not in the database`), row: gone };
}

/** What gates looked at and what tools reported, each under the digest that an entry names. */
async function contentDifference(db: Db): Promise<Difference | null> {
  const changed = await changedContent(db);
  if (changed === undefined) return null;
  const { place, digest } = changed;
  const message = `${place}: what stands under ${digest} has another digest: it was changed`;
  return { ...about(place, message), row: digest, column: "content" };
}

/** What stands of a feed is what its import wrote: without its line, a known exploit is one that nobody knows. */
async function feedDifference(db: Db): Promise<Difference | null> {
  for (const [kind, table] of [
    ["epss", "epss_scores"],
    ["kev", "kev_entries"],
  ] as const) {
    const feed = await readFeed(db, kind);
    const { digest, records } = await feedContent(db, kind);
    if (feed === undefined ? records === 0 : digest === feed.content_digest) continue;
    return about(table, `${table}: its records are not those that the import of ${kind} wrote`);
  }
  return null;
}

/** How far an agent's journal was taken in is where it ends: else entries would be taken in twice, or never. */
async function agentDifference(db: Db): Promise<Difference | null> {
  for (const {
    agent_id: agent,
    imported_sequence: sequence,
    imported_hash: hash,
    last,
  } of await agentHeads(db)) {
    const at = (message: string): Difference => ({
      ...about("agents", message),
      row: `agent/${agent}`,
    });
    if ((last ?? 0) !== sequence) {
      return at(
        `agents: of ${agent} ${sequence} entries are said to be taken in, and its journal here ends at ${last ?? 0}`,
      );
    }
    if (last === null) continue;
    const row = await db
      .selectFrom("agent_journal")
      .selectAll()
      .where("agent_id", "=", agent)
      .where("sequence", "=", last)
      .executeTakeFirstOrThrow();
    if (journalHash(journalEntry(row)) !== hash) {
      return at(
        `agents: the last entry of ${agent} has another hash than the one that its next entry has to name`,
      );
    }
  }
  return null;
}

/** Who is asked to cosign and where checkpoints are written: what tells a server that its database was put back. */
async function outsideDifference(db: Db, said: Replayed["outside"]): Promise<Difference | null> {
  const witnesses = (await listWitnesses(db)).map(({ name, key, url, operator }) => ({
    name,
    key,
    url,
    operator,
  }));
  const anchors = (await listAnchors(db)).map(({ name, settings }) => ({ name, ...settings }));
  return (
    differingOne("ledger_witnesses", witnesses, said.get("witness")) ??
    differingOne("ledger_anchors", anchors, said.get("anchor"))
  );
}

function differingOne(
  table: string,
  rows: readonly { readonly name: string }[],
  said: ReadonlyMap<string, Record<string, unknown>> | undefined,
): Difference | null {
  const left = new Map(said);
  for (const row of rows) {
    const entry = left.get(row.name);
    left.delete(row.name);
    if (entry && canonicalJson(entry) === canonicalJson(row)) continue;
    const message = entry
      ? `${table}: ${row.name} is not what was added`
      : `${table}: ${row.name} is in the database, and no entry of the log says so`;
    return { ...about(table, message), row: row.name };
  }
  const [gone] = left.keys();
  if (gone === undefined) return null;
  return { ...about(table, `${table}: ${gone} is in the log and not in the database`), row: gone };
}
