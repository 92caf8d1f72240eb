import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EngineBench, operator, type Worker } from "../../../test/support/engine-bench.ts";
import type { Digest } from "../../model/primitives.ts";
import type { ContentStore } from "../../ports/content-store.ts";
import type { FeedControl } from "../../ports/feed-control.ts";
import { DiskContentStore } from "../../store/content-store.ts";
import { makeFeedControl } from "./feeds.ts";
import { verifyState } from "../ledger/verify-state.ts";

let bench: EngineBench;
let worker: Worker;
let folder: string;
let content: ContentStore;
let feeds: FeedControl;

beforeEach(async () => {
  bench = await EngineBench.create();
  worker = bench.worker();
  await worker.engine.log.open("1.0.0");
  folder = mkdtempSync(join(tmpdir(), "tl-feeds-"));
  content = await DiskContentStore.open(folder);
  feeds = makeFeedControl({ ...worker.engine, content });
});
afterEach(async () => {
  await bench.close();
  rmSync(folder, { recursive: true });
});

async function upload(bytes: Buffer | string): Promise<Digest> {
  const given = Buffer.from(bytes);
  const digest: Digest = `sha256:${createHash("sha256").update(given).digest("hex")}`;
  await content.put(Readable.from([given]), digest);
  return digest;
}

const scores = (day: string, count: number) =>
  `#model_version:v1,score_date:${day}T00:00:00+0000\ncve,epss,percentile\n${Array.from({ length: count }, (_, index) => `CVE-2020-${1000 + index},0.0000${index + 1},0.5\n`).join("")}`;

const exploited = (day: string, ...cves: string[]) =>
  JSON.stringify({
    catalogVersion: day,
    dateReleased: `${day}T00:00:00Z`,
    count: cves.length,
    vulnerabilities: cves.map((cveID) => ({ cveID, dateAdded: day })),
  });

async function take(kind: "epss" | "kev", bytes: Buffer | string, fewer?: string) {
  return feeds.import(operator, kind, { digest: await upload(bytes), fewer });
}

const count = async (table: string) =>
  Number(
    (
      await sql<{ n: string }>`select count(*) as n from ${sql.table(table)}`.execute(
        bench.database.db,
      )
    ).rows[0]?.n,
  );

describe("an edition that is imported", () => {
  it("counts, compressed or not, and stands in the ledger by its digests", async () => {
    const view = await take("epss", gzipSync(scores("2026-11-19", 12_000)));
    expect(view.edition).toMatchObject({ asOf: "2026-11-19T00:00:00.000Z", records: 12_000 });
    await take("epss", scores("2026-11-20", 12_001));
    await take("kev", exploited("2026-11-20", "CVE-2020-1000"));
    expect(await count("epss_scores")).toBe(12_001);
    const status = await feeds.status();
    expect(status.map(({ kind, edition }) => [kind, edition?.records])).toEqual([
      ["epss", 12_001],
      ["kev", 1],
      ["osv", undefined],
    ]);
    expect(await verifyState(worker.engine.log, bench.database.db)).toMatchObject({ ok: true });
  });

  it("a second time changes nothing", async () => {
    const before = await take("kev", exploited("2026-11-20", "CVE-2020-1000"));
    expect(await take("kev", exploited("2026-11-20", "CVE-2020-1000"))).toEqual(before);
  });
});

describe("nothing changes by one that", () => {
  beforeEach(() => take("kev", exploited("2026-11-20", "CVE-2020-1000", "CVE-2020-1001")));

  it.each([
    [
      "is older",
      exploited("2026-11-19", "CVE-2020-1", "CVE-2020-1002", "CVE-2020-1003").replace(
        'CVE-2020-1"',
        'CVE-2020-1009"',
      ),
      "2026-11-19",
    ],
    ["is emptier", exploited("2026-11-21", "CVE-2020-1000"), "1 records"],
    ["is empty", exploited("2026-11-21"), "no record"],
    ["was cut", exploited("2026-11-21", "CVE-2020-1000", "CVE-2020-1001").slice(0, -20), "JSON"],
    [
      "is of a year to come",
      exploited("2999-01-01", "CVE-2020-1000", "CVE-2020-1001"),
      "has not come yet",
    ],
    ["is a bomb", gzipSync(Buffer.alloc(20 * 1024 * 1024, " ")), "16 MiB"],
  ])("%s", async (_, bytes, why) => {
    await expect(take("kev", bytes)).rejects.toThrow(why);
    expect(await count("kev_entries")).toBe(2);
    expect((await feeds.status())[1]?.edition?.records).toBe(2);
  });

  it("lacks what counts, although it holds as many, until somebody says why", async () => {
    const other = exploited("2026-11-21", "CVE-2020-1000", "CVE-2020-1002", "CVE-2020-1003");
    await expect(take("kev", other)).rejects.toThrow("it lacks CVE-2020-1001");
    expect(await count("kev_entries")).toBe(2);
    const view = await take("kev", other, "it was never exploited");
    expect(view.edition).toMatchObject({ records: 3, fewer: "it was never exploited" });
    const { rows } = await sql<{ payload: Record<string, unknown> }>`
      select payload from ledger_entries where kind like 'feed.%' order by entry desc limit 1`.execute(
      bench.database.db,
    );
    expect(rows[0]?.payload).toMatchObject({
      removed: ["CVE-2020-1001"],
      removedCount: 1,
      instead: { records: 2 },
    });
    await worker.engine.log.flush();
    expect(await verifyState(worker.engine.log, bench.database.db)).toMatchObject({ ok: true });
  });

  it("is smaller, until somebody says why", async () => {
    const view = await take("kev", exploited("2026-11-21", "CVE-2020-1000"), "one was taken back");
    expect(view.edition).toMatchObject({ records: 1, fewer: "one was taken back" });
  });
});

describe("`ledger verify --state` finds", () => {
  it.each([
    ["delete from kev_entries", "kev_entries"],
    ["update epss_scores set epss = 0", "epss_scores"],
    ["update feeds set as_of = as_of - interval '1 day'", "feeds"],
    ["delete from feeds where kind = 'kev'; delete from kev_entries", "feeds"],
  ])("%s", async (attack, table) => {
    await take("kev", exploited("2026-11-20", "CVE-2020-1000"));
    await take("epss", scores("2026-11-20", 3));
    await bench.database.pool.query(attack);
    const found = await verifyState(worker.engine.log, bench.database.db);
    if (found.ok) throw new Error("it was not found");
    expect(found.difference.table).toBe(table);
  });
});
