import { verifyState } from "../ledger/verify-state.ts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  type Worker,
} from "../../../test/support/engine-bench.ts";
import { ServiceSecurity } from "../../model/service-security.ts";
import { nameColumns } from "../../store/queries/erasures.ts";
import { readLeaves } from "../../store/queries/ledger-read.ts";
import { standingOf } from "../../store/queries/evidence.ts";
import { verifyPack } from "../../audit/verify-pack.ts";

const other = { id: "second-person" };

let bench: EngineBench;
let worker: Worker;
beforeEach(async () => {
  bench = await EngineBench.create();
  worker = bench.worker({ settings: { retentionMs: 0 } });
  await worker.engine.log.open("1.0.0");
  await worker.controlPlane.applyDocuments(operator, "tidelock.yaml", documents());
  await worker.controlPlane.createRelease(operator, makeRelease(bench, "1.0.0"));
  for (const environment of ["dev", "production"]) {
    const request = { service: "shop", release: "1.0.0", environment };
    const { id } = await worker.controlPlane.promote(operator, request);
    expect((await ended(worker.controlPlane, id)).state).toBe("complete");
  }
  // Who wanted what stands where it can be erased, in no message.
  const request = { service: "shop", release: "1.0.0", environment: "dev" };
  const unwanted = await worker.controlPlane.promote(operator, request);
  await worker.controlPlane.abort(operator, unwanted.id);
  await ended(worker.controlPlane, unwanted.id);
  await worker.engine.log.flush();
});
afterEach(() => bench.close());

async function indexOf(kind: string): Promise<number> {
  const leaves = await readLeaves(bench.database.db, 0, 10_000);
  return leaves.findLast(({ entry }) => entry.kind === kind)?.index ?? -1;
}

const leaf = async (index: number) => (await readLeaves(bench.database.db, index, index + 1))[0];

async function erase(index: number): Promise<void> {
  const { controlPlane } = worker;
  const asked = await controlPlane.requestErasure(operator, { entry: index }, "ticket 77");
  await controlPlane.confirmErasure(other, asked.id);
  await worker.engine.log.flush();
}

async function* report(): AsyncGenerator<Uint8Array> {
  const results = [{ ruleId: "eval", message: { text: "eval" } }];
  const runs = [{ tool: { driver: { name: "scan" } }, results }];
  yield Buffer.from(JSON.stringify({ version: "2.1.0", runs }));
}

it("knows every column that names who did something", async () => {
  const { rows } = await bench.database.pool.query<{ place: string }>(
    `select table_name || '.' || column_name as place from information_schema.columns
     where table_schema = 'public' and data_type = 'text'
       and (column_name like '%\\_by' or column_name = 'by_actor') order by 1`,
  );
  // How a report was vouched for, and which promotion used an emergency: things, and no people.
  const others = ["finding_imports.vouched_by", "break_glass.used_by"];
  const known = [...nameColumns.map(([table, column]) => `${table}.${column}`), ...others];
  expect(rows.map(({ place }) => place).filter((place) => !known.includes(place))).toEqual([]);
});

describe("an erasure", () => {
  it("takes two people: whoever asked for it cannot confirm it", async () => {
    const { controlPlane } = worker;
    const index = await indexOf("check.reported");
    const asked = await controlPlane.requestErasure(operator, { entry: index }, "ticket 77");
    await expect(controlPlane.confirmErasure(operator, asked.id)).rejects.toMatchObject({
      code: "forbidden",
    });
    expect((await leaf(index))?.opening).not.toBeNull();
    await controlPlane.confirmErasure(other, asked.id);
    expect((await leaf(index))?.opening).toBeNull();
    await expect(controlPlane.confirmErasure(other, asked.id)).rejects.toMatchObject({
      code: "conflict",
    });
  });

  it("is confirmed by nobody under another spelling or another name of their own", async () => {
    const { controlPlane } = worker;
    const ada = "ada@shop.example";
    await controlPlane.people.add(operator, { name: ada, also: ["ada@home.example"] });
    const wish = { entry: await indexOf("check.reported") };
    for (const id of ["Ada+1@shop.example", "ada@home.example"]) {
      const asked = await controlPlane.requestErasure({ id }, wish, "ticket 77");
      await expect(controlPlane.confirmErasure({ id: ada }, asked.id)).rejects.toMatchObject({
        code: "forbidden",
      });
      await bench.database.pool.query("delete from ledger_erasures");
    }
  });

  it("leaves every proof valid, and a pack names what was erased and by which entry", async () => {
    const index = await indexOf("check.reported");
    const { salt = "", payload } = (await leaf(index))?.opening ?? {};
    await erase(index);
    const { zip } = await worker.controlPlane.exportPack(operator, {
      kind: "release",
      service: "shop",
      release: "1.0.0",
      seen: [],
    });
    const { report } = verifyPack(zip, null);
    expect(report.problems).toEqual([]);
    expect(report.erased).toMatchObject([
      { entry: index, kind: "check.reported", reason: "ticket 77" },
    ]);
    // What the check said stood in the gate's inputs too: that one decision cannot be made again.
    expect(report.decisions?.notReplayable).toMatchObject([
      { reason: "erased: its inputs are gone" },
    ]);
    expect(report.decisions?.replayed).toBeGreaterThan(1);
    expect(Buffer.from(zip).includes('"summary":"staged pass"')).toBe(false);
    const story = report.checks.find(({ id }) => id === "story");
    expect(story?.notes.join(" ")).toContain("the report of the check smoke was erased");
    const text = Buffer.from(zip).toString("latin1");
    expect(text.includes(salt)).toBe(false);
    expect(text.includes(`blobs/${String(payload?.["report"]).slice(7)}`)).toBe(false);
  });

  it("of a decision takes its inputs along, and the pack says that it cannot be made again", async () => {
    const index = await indexOf("decision.made");
    const { payload } = (await leaf(index))?.opening ?? {};
    await erase(index);
    const kept = await bench.database.db.selectFrom("decision_inputs").select("digest").execute();
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.map(({ digest }) => digest)).not.toContain(payload?.["inputs"]);
    const { zip } = await worker.controlPlane.exportPack(operator, {
      kind: "release",
      service: "shop",
      release: "1.0.0",
      seen: [],
    });
    const { report } = verifyPack(zip, null);
    expect(report.problems).toEqual([]);
    expect(report.decisions?.notReplayable).toMatchObject([{ entry: index, reason: "erased" }]);
  });

  it("leaves evidence that satisfies no gate: what it had verified is verified no more", async () => {
    const { db } = bench.database;
    const lane = { service: "shop", environment: "production" };
    const { id = "sha256:" } =
      (await db.selectFrom("releases").select("id").executeTakeFirst()) ?? {};
    expect((await standingOf(db, lane, id))[0]?.verified_at).not.toBeNull();
    await erase(await indexOf("check.reported"));
    expect((await standingOf(db, lane, id))[0]?.verified_at).toBeNull();
    const runs = await db.selectFrom("check_runs").select("report").execute();
    expect(runs).toEqual([{ report: null }]);
    // Later releases are not held up by it.
    await worker.controlPlane.createRelease(operator, makeRelease(bench, "1.1.0"));
    for (const environment of ["dev", "production"]) {
      const wish = { service: "shop", release: "1.1.0", environment };
      const { id: next } = await worker.controlPlane.promote(operator, wish);
      expect(await ended(worker.controlPlane, next)).toMatchObject({ state: "complete" });
    }
  });

  it("is refused before the retention time, naming until when", async () => {
    const strict = bench.worker({ settings: { retentionMs: 7 * 365.25 * 86_400_000 } });
    const wish = { entry: await indexOf("check.reported") };
    await expect(strict.controlPlane.requestErasure(operator, wish, "x")).rejects.toMatchObject({
      code: "denied",
      message: expect.stringMatching(/kept until 20\d\d-.*2557 days/) as string,
    });
    await strict.reconciler.stop();
  });

  it("is refused under a legal hold, also one that came after it was asked for", async () => {
    const { controlPlane } = worker;
    const wish = { entry: await indexOf("check.reported") };
    const asked = await controlPlane.requestErasure(operator, wish, "ticket 77");
    const hold = await controlPlane.addHold(operator, "shop/production", "case 12");
    await expect(controlPlane.confirmErasure(other, asked.id)).rejects.toMatchObject({
      code: "denied",
      message: expect.stringContaining("case 12") as string,
    });
    expect(await controlPlane.listHolds()).toHaveLength(1);
    await controlPlane.removeHold(operator, hold.id);
    await controlPlane.confirmErasure(other, asked.id);
    expect(await controlPlane.listHolds()).toEqual([]);
  });

  it.each([
    ["who asked", "update ledger_erasures set requested_by = 'somebody'"],
    ["what for", "update ledger_erasures set entry = entry - 1"],
    [
      "who asked, as one from before the log",
      "update ledger_people set person = 'mallory', changes = 0 where person = 'operator'; update ledger_erasures set requested_by = 'mallory'",
    ],
    [
      "the entry's age",
      "alter table ledger_leaves disable trigger user; update ledger_leaves set time = time - interval '9 years' where index = (select entry from ledger_erasures)",
    ],
    [
      "the entry's stream",
      "alter table ledger_entries disable trigger user; update ledger_entries set stream = 'shop/dev' where entry = (select l.entry from ledger_leaves l join ledger_erasures e on e.entry = l.index)",
    ],
    ["the hold away", "delete from ledger_holds where reason = 'case 13'"],
    ["what the hold is about", "update ledger_holds set stream = 'shop/dev'"],
    [
      "the hold away, with a row that says so",
      "insert into ledger_entries (operation, kind, stream, actor, commitment) select 'hold/' || id, 'hold.removed', 'system', 'x', sha256('x') from ledger_holds; delete from ledger_holds",
    ],
  ])("is refused when somebody has edited %s in the database", async (_, edit) => {
    const { controlPlane } = worker;
    const wish = { entry: await indexOf("check.reported") };
    const asked = await controlPlane.requestErasure(operator, wish, "ticket 77");
    const hold = await controlPlane.addHold(operator, null, "case 13");
    if (!edit.includes("ledger_holds")) await controlPlane.removeHold(operator, hold.id);
    await bench.database.pool.query(edit);
    // One person, under a name that nobody has asked under: the row would let it pass.
    const confirming = edit.includes("requested_by") ? operator : other;
    await expect(controlPlane.confirmErasure(confirming, asked.id)).rejects.toMatchObject({
      code: "denied",
      message: expect.stringContaining("changed behind the ledger") as string,
    });
  });

  it.each(["key.added", "document.registered", "release.created", "promotion.changed"])(
    "of an entry %s is refused: later proofs lean on it",
    async (kind) => {
      const wish = { entry: await indexOf(kind) };
      const refused = worker.controlPlane.requestErasure(operator, wish, "x");
      await expect(refused).rejects.toMatchObject({ code: "denied" });
    },
  );

  it("of a person leaves the pseudonym, which then means nobody anywhere", async () => {
    const { db } = bench.database;
    const { controlPlane } = worker;
    await controlPlane.findings.importReport(operator, "shop", {}, report());
    const [finding] = (await controlPlane.findings.list({ service: "shop" }, { limit: 1 })).items;
    await controlPlane.findings.act(operator, finding?.id ?? "", { kind: "triage" });
    await controlPlane.security.set(operator, "shop", ServiceSecurity.parse({ owner: "Ada" }), 0);
    await controlPlane.stops.stopLine(operator, "shop", "a leak");
    const asked = await controlPlane.requestErasure(other, { person: "operator" }, "left");
    await controlPlane.confirmErasure({ id: "third-person" }, asked.id);
    const pseudonym = asked.pseudonym ?? "";
    expect(pseudonym).toMatch(/^person:/);
    expect((await db.selectFrom("releases").select("created_by").execute())[0]?.created_by).toBe(
      pseudonym,
    );
    const { rows } = await db
      .selectFrom("events")
      .select("message")
      .execute()
      .then((found) => ({ rows: found.filter(({ message }) => /\boperator\b/.test(message)) }));
    expect(rows).toEqual([]);
    const people = await db.selectFrom("ledger_people").select(["pseudonym", "person"]).execute();
    expect(people.find((one) => one.pseudonym === pseudonym)?.person).toBeNull();
    const found = await verifyState(worker.engine.log, db);
    expect(found, JSON.stringify(found)).toMatchObject({ ok: true });
    const entries = await db
      .selectFrom("ledger_entries")
      .select(["operation", "payload"])
      .execute();
    const naming = entries.filter(({ payload }) => /\boperator\b/.test(JSON.stringify(payload)));
    expect(naming.map(({ operation }) => operation)).toEqual([]);
  });
});
