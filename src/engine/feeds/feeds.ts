import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { FeedView } from "../../api/routes/feeds.ts";
import { AdvisorySnapshot } from "../../model/advisory.ts";
import { TidelockError } from "../../model/errors.ts";
import { whyNotInstead } from "../../model/feed.ts";
import { layout } from "../../model/layout.ts";
import type { Actor } from "../../ports/control-plane.ts";
import type { FeedControl } from "../../ports/feed-control.ts";
import { announce } from "../../store/queries/events.ts";
import {
  cvesNotIn,
  lockFeed,
  readFeed,
  replaceEpss,
  replaceKev,
  writeFeed,
} from "../../store/queries/feeds.ts";
import type { FeedRow } from "../../store/schema-feeds.ts";
import type { Engine } from "../engine.ts";
import { readFeedFile } from "./read-feed.ts";

export function makeFeedControl(engine: Engine): FeedControl {
  return {
    status: async () => [
      feedView("epss", await readFeed(engine.db, "epss")),
      feedView("kev", await readFeed(engine.db, "kev")),
      await advisoriesView(engine),
    ],
    import: (actor, kind, request) => importFeed(engine, actor, kind, request),
  };
}

/**
 * Lets an edition take the place of the one before: read whole, compared with what counts, and written with its entry
 * of the ledger in one transaction. The same bytes again change nothing.
 */
async function importFeed(
  engine: Engine,
  actor: Actor,
  kind: FeedRow["kind"],
  { digest, fewer }: Parameters<FeedControl["import"]>[2],
): Promise<FeedView> {
  const path = await engine.content.path(digest);
  await engine.content.verify(digest);
  const read = await readFeedFile(kind, path);
  const row = await engine.db.transaction().execute(async (tx) => {
    await lockFeed(tx, kind);
    const current = await readFeed(tx, kind);
    if (current?.digest === digest) return current;
    const next = { digest, asOf: read.head.asOf, records: read.records.length };
    const known = current && { ...current, asOf: current.as_of.toISOString() };
    const removed = current ? await cvesNotIn(tx, kind, read.records) : [];
    const why = whyNotInstead(next, known ?? null, { now: new Date(), fewer, removed });
    if (why !== null) throw refused(kind, why);
    if (read.kind === "epss") await replaceEpss(tx, read.records);
    else await replaceKev(tx, read.records);
    const shrunk = current !== undefined && next.records < current.records;
    const reason = shrunk || removed.length > 0 ? (fewer ?? null) : null;
    const row = await writeFeed(tx, {
      kind,
      digest,
      ...read.head,
      fewer: reason,
      by: actor.id,
      instead: known ? { digest: known.digest, asOf: known.asOf, records: known.records } : null,
      removed,
    });
    await announce(tx, {
      kind: "feed.imported",
      message: `${actor.id} imported ${kind} of ${read.head.asOf.slice(0, 10)}: ${row.records} records`,
    });
    return row;
  });
  engine.signals.emit("change");
  return feedView(kind, row);
}

function refused(kind: string, why: string): TidelockError {
  return new TidelockError("conflict", `this edition of ${kind} is not taken: ${why}`, {
    fault: "operator",
    where: kind,
    hint: "import a newer one; one that rightly lacks something is taken with a reason: --allow-removals <reason>",
  });
}

function feedView(kind: FeedRow["kind"], row: FeedRow | undefined): FeedView {
  if (row === undefined) return { kind, edition: null };
  const { digest, as_of, version, records, imported_at, imported_by, fewer } = row;
  return {
    kind,
    edition: {
      digest,
      asOf: as_of.toISOString(),
      version,
      records,
      importedAt: imported_at.toISOString(),
      importedBy: imported_by,
      fewer,
    },
  };
}

/** Advisories lie in files beside the agent, because checks read them there. */
async function advisoriesView(engine: Engine): Promise<FeedView> {
  const info = engine.agentInfo();
  if (info === null) return { kind: "osv", edition: null };
  try {
    const file = join(layout(info.dataDir).checkData, "advisories", "current.json");
    const snapshot = AdvisorySnapshot.parse(JSON.parse(await readFile(file, "utf8")));
    return {
      kind: "osv",
      edition: {
        digest: snapshot.digest,
        asOf: snapshot.asOf,
        version: "",
        records: Object.values(snapshot.ecosystems).reduce((sum, count) => sum + count, 0),
        importedAt: snapshot.importedAt,
        importedBy: null,
        fewer: snapshot.fewer ?? null,
      },
    };
  } catch {
    return { kind: "osv", edition: null };
  }
}
