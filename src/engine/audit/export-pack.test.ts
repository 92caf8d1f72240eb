import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  type Worker,
} from "../../../test/support/engine-bench.ts";
import { parseNote } from "../../ledger/note.ts";
import { parseCheckpoint } from "../../ledger/checkpoint.ts";
import type { TrustRoot } from "../../model/trust.ts";
import { readZip } from "../../audit/zip/read-zip.ts";
import { verifyPack } from "../../audit/verify-pack.ts";

let bench: EngineBench;
let worker: Worker;
beforeEach(async () => {
  bench = await EngineBench.create();
  worker = bench.worker();
  await worker.engine.log.open("1.0.0");
});
afterEach(() => bench.close());

/** As an operator hands it to an auditor, on another way than the pack. */
async function trustOf(overrides: Partial<TrustRoot> = {}): Promise<TrustRoot> {
  const { db } = bench.database;
  const added = await db
    .selectFrom("ledger_entries")
    .select("payload")
    .where("kind", "=", "key.added")
    .orderBy("entry")
    .execute();
  const key = added.find(({ payload }) => payload?.["use"] === "log")?.payload?.["key"];
  return {
    kind: "TrustRoot",
    formatVersion: 1,
    log: { origin: String(key).split("+")[0] ?? "", keys: [String(key)], operator: "shop" },
    witnesses: [],
    quorum: 0,
    anchors: [],
    attestors: [],
    producers: {},
    ...overrides,
  };
}

async function ship(version: string, environment: string, verdicts: ("pass" | "fail")[] = []) {
  bench.staged.verdicts = verdicts;
  const { controlPlane } = worker;
  await controlPlane.createRelease(operator, makeRelease(bench, version)).catch(() => undefined);
  const request = { service: "shop", release: version, environment };
  const { id } = await controlPlane.promote(operator, request);
  return ended(controlPlane, id);
}

const releasePack = (release: string, seen: string[] = []) =>
  worker.controlPlane.exportPack(operator, { kind: "release", service: "shop", release, seen });

describe("an exported pack of a release", () => {
  beforeEach(async () => {
    await worker.controlPlane.applyDocuments(operator, "tidelock.yaml", documents());
    await ship("1.0.0", "dev");
    await ship("1.0.0", "production", ["fail"]);
    await ship("1.0.0", "production", ["pass"]);
    await ship("1.1.0", "dev");
  });

  it("verifies offline and tells what happened, the failed run included", async () => {
    const { name, zip } = await releasePack("1.0.0");
    const { report, story } = verifyPack(zip, await trustOf());
    expect(report.problems).toEqual([]);
    expect(report.result).toBe("verified");
    // Admission and gate of four promotions; the one that failed was denied by its check before its gate.
    expect(report.decisions).toEqual({ replayed: 8, notReplayable: [] });
    expect(name).toBe("shop-1.0.0.audit.zip");
    expect(story?.promotions.map(({ stream, ended: end }) => [stream, end?.state])).toEqual([
      ["shop/dev", "complete"],
      ["shop/production", "failed"],
      ["shop/production", "complete"],
    ]);
    expect(story?.release?.content.version).toBe("1.0.0");
    expect(story?.documents.filter(({ used }) => used).map((one) => one.name)).toEqual([
      "dev",
      "production",
      "shop",
    ]);
  });

  it("tells that a release was replaced, and that one was rolled back, to what, by whom and why", async () => {
    await ship("1.1.0", "production");
    const lane = { service: "shop", environment: "production" };
    const { controlPlane } = worker;
    const { id } = await controlPlane.rollback(operator, lane, { reason: "baskets are empty" });
    await ended(controlPlane, id);
    const lives = async (version: string) => {
      const { report, story } = verifyPack((await releasePack(version)).zip, await trustOf());
      expect(report.problems).toEqual([]);
      return story?.deployments.filter(({ stream }) => stream === "shop/production");
    };
    const [bad, ...more] = (await lives("1.1.0")) ?? [];
    expect(more).toEqual([]);
    expect(bad).toMatchObject({
      end: { how: "rolled-back", to: "shop@1.0.0", by: id, reason: "baskets are empty" },
      revoked: { reason: expect.stringContaining("baskets are empty") },
    });
    expect(bad?.end?.actor).toMatch(/^person:/);
    expect(await lives("1.0.0")).toMatchObject([
      { end: { how: "replaced", to: "shop@1.1.0" }, revoked: null },
      { until: null, end: null, promotion: id },
    ]);
  });

  it("connects a checkpoint that the auditor kept, and is then anchored", async () => {
    const kept = await worker.engine.log.flush();
    await ship("1.2.0", "dev");
    const anchors = [{ note: kept?.note ?? "", from: "notebook" }];
    const { zip } = await releasePack("1.0.0", [kept?.note ?? ""]);
    const { report } = verifyPack(zip, await trustOf({ anchors }));
    expect(report.problems).toEqual([]);
    expect(report.assurance).toEqual({
      grade: "anchored",
      anchors: [`the checkpoint in your trust root (size ${kept?.size}, noted as "notebook")`],
    });
  });

  it("verifies over a rotation of the log's key, for an auditor who knows only the first", async () => {
    const trust = await trustOf();
    const { db } = bench.database;
    await worker.engine.log.flush();
    await worker.engine.log.keys.rotate("operator", "log", 60_000);
    await worker.engine.log.flush();
    await db
      .updateTable("ledger_keys")
      .set({ signs_until: new Date(0) })
      .where("signs_until", "is not", null)
      .execute();
    await worker.engine.log.keys.retireDue();
    await ship("1.2.0", "dev");
    const { zip } = await releasePack("1.0.0");
    const { report } = verifyPack(zip, trust);
    expect(report.problems).toEqual([]);
    const signers = parseNote(readZip(zip).get("checkpoint") ?? "").signatures;
    expect(signers).toHaveLength(1);
    expect(trust.log.keys[0]).not.toContain(signers[0]?.id);
    expect(await db.selectFrom("ledger_keys").selectAll().execute()).toHaveLength(3);
  });

  it("verifies over a rotation without overlap, which the old key's introduction links", async () => {
    const trust = await trustOf();
    await worker.engine.log.flush();
    await worker.engine.log.keys.rotate("operator", "log", 0);
    await worker.engine.log.keys.rotate("operator", "log", 0);
    await worker.engine.log.keys.retireDue();
    await ship("1.2.0", "dev");
    const { zip } = await releasePack("1.0.0");
    const { report } = verifyPack(zip, trust);
    expect(report.problems).toEqual([]);
    expect(report.result).toBe("verified");
    const signers = parseNote(readZip(zip).get("checkpoint") ?? "").signatures;
    expect(signers).toHaveLength(1);
    expect(trust.log.keys[0]).not.toContain(signers[0]?.id);
  });

  it("leaves out what other services' documents say, and the whole of it verifies", async () => {
    const both = documents().replace(
      /(?=shop: "127\.0\.0\.1:1808(\d))/g,
      'bank: "127.0.0.1:1908$1", ',
    );
    const bank = both.split("---").at(-1)?.replace("name: shop", "name: bank");
    await worker.controlPlane.applyDocuments(operator, "tidelock.yaml", `${both}---${bank}`);
    const { zip } = await releasePack("1.0.0");
    const { report } = verifyPack(zip, await trustOf());
    expect(report.problems).toEqual([]);
    expect(Buffer.from(zip).includes('"name":"bank"')).toBe(false);
    expect(Buffer.from(zip).includes('"name":"shop"')).toBe(true);
    const openings = report.checks.find(({ id }) => id === "openings");
    expect(openings?.notes.join()).toContain("are about other services or about the installation");
  });

  it("follows a log that goes on under another name after a restore, and its predecessor", async () => {
    const { db } = bench.database;
    const before = await trustOf();
    const kept = await worker.engine.log.flush();
    await db.updateTable("ledger_tree").set({ behind: "a test says so" }).execute();
    await worker.controlPlane.ledger.recover(operator);
    const { zip } = await releasePack("1.0.0", [kept?.note ?? ""]);
    const { origin } = before.log;
    const added = await db
      .selectFrom("ledger_entries")
      .select("payload")
      .where("kind", "=", "key.added")
      .execute();
    const key = added
      .map(({ payload }) => String(payload?.["key"]))
      .find((one) => one.startsWith(`${origin}/2+`));
    const log = { origin: `${origin}/2`, keys: [key ?? ""], operator: "shop" };
    const anchors = [{ note: kept?.note ?? "", from: "notebook" }];
    const { report } = verifyPack(zip, await trustOf({ log, anchors }));
    expect(report.problems).toEqual([]);
    expect(report.assurance).toMatchObject({ grade: "anchored" });
    const [note] = report.checks.find(({ id }) => id === "succession")?.notes ?? [];
    expect(note).toContain(`${origin}/2 goes on where ${origin} was put back to`);
    const old = verifyPack(zip, before).report;
    expect(old.problems).toHaveLength(1);
    expect(old.problems[0]?.message).toMatch(
      /Your trust root vouches for the first [1-9]\d* entries/,
    );
  });

  it("is refused when somebody changed a row behind the ledger's back", async () => {
    const { db } = bench.database;
    await db
      .updateTable("releases")
      .set({ content: JSON.stringify({ changed: true }) })
      .execute();
    await expect(releasePack("1.0.0")).rejects.toMatchObject({ code: "digest-mismatch" });
  });

  it("is refused to somebody who kept a checkpoint of another history", async () => {
    const kept = await worker.engine.log.flush();
    const { note = "" } = kept ?? {};
    const { size } = parseCheckpoint(parseNote(note).text);
    const other = note.replace(`\n${size}\n`, `\n${size - 1}\n`);
    await expect(releasePack("1.0.0", [other])).rejects.toMatchObject({ code: "digest-mismatch" });
  });
});
