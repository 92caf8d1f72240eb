import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  type Worker,
} from "../../../test/support/engine-bench.ts";
import { enrol, envelopeBy, type Somebody } from "../../../test/support/findings.ts";
import { engagement as check } from "../../checks/engagement/index.ts";
import { engagementStatement } from "../../evidence/predicates/engagement.ts";
import { Engagement } from "../../model/engagement.ts";
import { verifyState } from "../ledger/verify-state.ts";

let bench: EngineBench;
let worker: Worker;
let alice: Somebody;

const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

const content = (change: object = {}) =>
  Engagement.parse({
    kind: "penetration-test",
    service: "shop",
    environment: null,
    release: null,
    party: "Acme Red",
    scope: "API and web",
    began: day(-20),
    ended: day(-10),
    validUntil: day(300),
    outcome: "two findings",
    evidence: [],
    ...change,
  });

async function signed(engagement: Engagement, who: Somebody, ledger?: string): Promise<Uint8Array> {
  const { origin } = await worker.controlPlane.ledger.status();
  const statement = engagementStatement({
    engagement,
    ledger: ledger ?? origin,
    person: who.person,
  });
  return envelopeBy(who.key, statement);
}

const lane = { service: "shop", environment: "dev" };

async function promoted(version: string) {
  const { id } = await worker.controlPlane.promote(operator, { ...lane, release: version });
  return ended(worker.controlPlane, id);
}

beforeAll(async () => {
  bench = await EngineBench.create();
  bench.extra.set("engagement", check);
  worker = bench.worker();
  await worker.engine.log.open("1.0.0");
  const { controlPlane } = worker;
  const demand =
    "      checks: [{ name: pentest, uses: engagement, phase: static, with: { within: 30d } }]";
  await controlPlane.applyDocuments(operator, "t.yaml", documents({ dev: demand }));
  await controlPlane.createRelease(operator, makeRelease(bench, "1.0.0"));
  alice = await enrol(controlPlane, "alice");
}, 60_000);
afterAll(() => bench.close());

describe("an engagement", () => {
  it("opens the gate that asks for it once it is recorded, and not before, when it is withdrawn, or too old", async () => {
    const { engagements } = worker.controlPlane;
    const first = await promoted("1.0.0");
    expect(first.checks[0]?.report).toMatchObject({ verdict: "missing" });
    const old = await signed(content({ began: day(-90), ended: day(-80) }), alice);
    await engagements.add(operator, old);
    expect((await promoted("1.0.0")).checks[0]?.report).toMatchObject({
      verdict: "fail",
      summary: expect.stringContaining("longer ago"),
    });
    const envelope = await signed(content(), alice);
    const view = await engagements.add(operator, envelope);
    expect(view).toMatchObject({ state: "valid", signedBy: { name: "alice" } });
    expect(await engagements.add(operator, envelope)).toEqual(view);
    expect(await promoted("1.0.0")).toMatchObject({ state: "complete" });
    await engagements.withdraw(operator, view.id, "of another system");
    expect((await promoted("1.0.0")).state).not.toBe("complete");
    expect(await verifyState(worker.engine.log, bench.database.db)).toMatchObject({ ok: true });
  }, 60_000);

  it.each([
    [
      "by nobody's key",
      (who: Somebody) => ({ ...who, person: `person:${"0".repeat(32)}` }),
      undefined,
      "no key of this person|signature|signed",
    ],
    ["for another ledger", (who: Somebody) => who, "elsewhere", "another ledger"],
  ])("signed %s is refused", async (_, who, ledger, why) => {
    const envelope = await signed(content({ outcome: "x" }), who(alice), ledger);
    await expect(worker.controlPlane.engagements.add(operator, envelope)).rejects.toMatchObject({
      code: "invalid-input",
      message: expect.stringMatching(new RegExp(why)),
    });
  });

  it("is refused of somebody without the right, by a key that was reset lately, with a file that was not uploaded, and when a byte was changed", async () => {
    const { engagements } = worker.controlPlane;
    const carol = await enrol(worker.controlPlane, "carol", { judges: false });
    await expect(
      engagements.add(operator, await signed(content({ outcome: "y" }), carol)),
    ).rejects.toMatchObject({ code: "forbidden" });
    // A key that replaces a colleague's could be anybody's who can reset keys.
    const colleague = await enrol(worker.controlPlane, "dora");
    const reset = await enrol(worker.controlPlane, "dora", { judges: false });
    const theirs = { person: colleague.person, key: reset.key };
    await expect(
      engagements.add(operator, await signed(content({ outcome: "w" }), theirs)),
    ).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("not the person's first"),
    });
    const evidence = [{ name: "report.pdf", digest: `sha256:${"0".repeat(64)}` }];
    await expect(
      engagements.add(operator, await signed(content({ evidence }), alice)),
    ).rejects.toMatchObject({ code: "not-found" });
    const text = Buffer.from(await signed(content({ outcome: "z" }), alice)).toString();
    const payload = /"payload":"([^"]+)"/.exec(text)?.[1] ?? "";
    const other = Buffer.from(
      Buffer.from(payload, "base64").toString().replace("Acme Red", "Acme Bad"),
    ).toString("base64");
    await expect(
      engagements.add(operator, Buffer.from(text.replace(payload, other))),
    ).rejects.toMatchObject({ code: "invalid-input" });
  });
});

describe("`ledger verify --state`, and a gate that leans on it, find", () => {
  it.each([
    "update engagements set withdrawn = null where withdrawn is not null",
    "update engagements set content = jsonb_set(content, '{validUntil}', '\"2099-01-01\"')",
    "insert into engagements (service, content, digest, envelope, person, key_id, withdrawn, added_by) select service, content, 'sha256:x', envelope, person, key_id, null, added_by from engagements limit 1",
  ])("%s", async (attack) => {
    const { pool } = bench.database;
    await pool.query(`create table kept as select * from engagements; ${attack}`);
    const found = await verifyState(worker.engine.log, bench.database.db);
    expect(found).toMatchObject({ ok: false, difference: { table: "engagements" } });
    expect((await promoted("1.0.0")).state).not.toBe("complete");
    await pool.query(
      "delete from engagements; insert into engagements overriding system value select * from kept; drop table kept",
    );
    expect(await verifyState(worker.engine.log, bench.database.db)).toMatchObject({ ok: true });
  });
});
