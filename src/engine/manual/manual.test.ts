import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  until,
} from "../../../test/support/engine-bench.ts";
import { verifyPack } from "../../audit/verify-pack.ts";
import { manual } from "../../checks/manual/index.ts";
import type { ManualRequestView } from "../../api/routes/manual.ts";
import { encodeEnvelope } from "../../evidence/dsse.ts";
import { type AskedOf, answerStatement } from "../../evidence/predicates/manual-answer.ts";
import { signStatement } from "../../evidence/statement.ts";
import type { ManualAnswers } from "../../model/manual-check.ts";
import type { ControlPlane } from "../../ports/control-plane.ts";

let bench: EngineBench;
let plane: ControlPlane;

/** The others of this file are the ones that the rest leans on; these take as long again. */
const long = process.env["TIDELOCK_TEST_LONG"] === "1";
if (!long)
  console.warn("manual checks: some of the tests only, all of them with TIDELOCK_TEST_LONG=1");

const dev = { service: "shop", environment: "dev", release: "1.0.0" };

function checklist(more = ""): string {
  return `      checks: [{ name: qa, uses: manual, with: { kind: checklist, role: qa${more}, items: [
        { id: basket, text: The basket keeps what was put in, evidence: true },
        { id: print, text: The print view is readable, severity: low } ] } }]`;
}

const session = `      checks: [{ name: expert, uses: manual, with: { kind: session, role: security,
        charter: Break the checkout, timeBox: 2h, areas: [checkout] } }]`;

const good: ManualAnswers = {
  kind: "checklist",
  items: [
    { id: "basket", result: "pass", evidence: ["ticket QA-7"] },
    { id: "print", result: "not-applicable", comment: "this release has no print view" },
  ],
};

interface Somebody {
  readonly person: string;
  readonly key: KeyObject;
}

/** Enrols somebody with a key of their own. */
async function enrol(
  name: string,
  role: string | null,
  also: string[] = [],
  by = operator,
): Promise<Somebody> {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const key = publicKey.export({ type: "spki", format: "pem" }) as string;
  const { person } = await plane.people.add(by, { name, key, also });
  if (role !== null) {
    const right = `checks.answer:${role}`;
    await plane.people.grant(by, { name, right, service: null, environment: "dev" });
  }
  return { person, key: privateKey };
}

function askedIn(view: ManualRequestView, person: string): AskedOf {
  const { id, ledger, role, check, service, environment, colour, promotion, plan } = view;
  const of = { id, ledger, role, check, service, environment, colour, promotion, plan };
  const { id: request, ...rest } = of;
  return {
    request,
    ...rest,
    person,
    release: view.release.id,
    configuration: view.configuration,
    form: view.formDigest,
  };
}

async function signed(
  view: ManualRequestView,
  who: Somebody,
  answers: ManualAnswers,
  change: Partial<AskedOf> = {},
): Promise<Uint8Array> {
  const statement = answerStatement(
    { ...askedIn(view, who.person), ...change },
    view.form,
    answers,
  );
  const signer = {
    name: "somebody",
    publicKey: new Uint8Array(),
    sign: async (message: Uint8Array) => sign(null, message, who.key),
  };
  return encodeEnvelope(await signStatement(signer, statement));
}

async function start(checks: string, by = operator): Promise<string> {
  await plane.applyDocuments(operator, "t.yaml", documents({ dev: checks }));
  await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
  return (await plane.promote(by, dev)).id;
}

async function asked(promotion: string): Promise<ManualRequestView> {
  const items = await until(
    () => plane.checks.asked(promotion),
    (views) => views.some(({ state }) => state === "open"),
  );
  const open = items.find(({ state }) => state === "open");
  if (!open) throw new Error("nobody was asked");
  return open;
}

beforeEach(async () => {
  bench = await EngineBench.create();
  bench.extra.set("manual", manual);
  const worker = bench.worker();
  await worker.engine.log.open("1.0.0");
  plane = worker.controlPlane;
});

afterEach(() => bench.close());

describe("a checklist", () => {
  it("makes the promotion wait for a signed answer, and its passing answer lets it go on", async () => {
    const maria = await enrol("maria@shop.example", "qa");
    const id = await start(checklist());
    const view = await asked(id);
    expect(view).toMatchObject({ role: "qa", colour: "blue", holders: ["maria@shop.example"] });
    const waiting = await until(
      () => plane.showPromotion(id),
      (promotion) => promotion.waiting !== null,
    );
    expect(waiting.waiting?.reason).toBe("check qa waits for a person");
    const answered = await plane.checks.answer(view.id, await signed(view, maria, good));
    expect(answered).toMatchObject({ state: "answered", answer: { name: "maria@shop.example" } });
    const done = await ended(plane, id);
    expect(done).toMatchObject({ state: "complete", decision: { outcome: "allow" } });
    const [run] = done.checks;
    expect(run?.report).toMatchObject({
      verdict: "pass",
      exercised: { assertions: 1 },
      data: { separation: expect.stringContaining("token that anybody may hold") },
    });
    expect(run?.report?.validUntil).toBe(answered.answer?.validUntil);
    expect(await plane.ledger.verifyState()).toMatchObject({ ok: true });
  });

  it("is not answered by whom its promoter has enrolled, nor by a key that was reset lately", async () => {
    const promoter = { id: "mallory@shop.example" };
    const puppet = await enrol("puppet@shop.example", "qa", [], promoter);
    const maria = await enrol("maria@shop.example", "qa");
    const reset = await enrol("maria@shop.example", null);
    const view = await asked(await start(checklist(), promoter));
    const answer = async (who: Somebody) =>
      plane.checks.answer(view.id, await signed(view, who, good));
    await expect(answer(puppet)).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("no third person vouched"),
    });
    await expect(answer(reset)).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("not the person's first"),
    });
    expect(await answer(maria)).toMatchObject({ state: "answered" });
  });

  it.runIf(long)(
    "that an item of fails ends the promotion with what was written about it",
    async () => {
      const maria = await enrol("maria@shop.example", "qa");
      const id = await start(checklist());
      const view = await asked(id);
      const items = [
        { id: "basket", result: "fail" as const, comment: "it is empty after a reload" },
        { id: "print", result: "pass" as const },
      ];
      await plane.checks.answer(view.id, await signed(view, maria, { kind: "checklist", items }));
      const done = await ended(plane, id);
      expect(done.state).toBe("failed");
      expect(done.checks[0]?.report).toMatchObject({
        verdict: "fail",
        observations: [{ rule: "basket", severity: "high", message: "it is empty after a reload" }],
      });
    },
  );

  it("survives the death of every server while it waits, and costs no lease", async () => {
    const maria = await enrol("maria@shop.example", "qa");
    const id = await start(checklist());
    const view = await asked(id);
    await Promise.all(bench.workers.map(({ reconciler }) => reconciler.stop()));
    const lane = await bench.database.db.selectFrom("lanes").selectAll().executeTakeFirst();
    expect(lane?.lease_holder).toBeNull();
    // Answered while nobody works: a control plane alone takes it.
    plane = bench.observer();
    await plane.checks.answer(view.id, await signed(view, maria, good));
    bench.worker();
    expect((await ended(plane, id)).state).toBe("complete");
    expect(await plane.checks.asked(id)).toHaveLength(1);
  });

  it.runIf(long)(
    "that nobody answers in time is missing, and an answer after that is refused",
    async () => {
      const maria = await enrol("maria@shop.example", "qa");
      const id = await start(checklist(", answerWithin: 1s"));
      const view = await asked(id);
      const late = await signed(view, maria, good);
      const done = await ended(plane, id);
      expect(done.state).toBe("failed");
      expect(done.checks[0]?.report?.verdict).toBe("missing");
      await expect(plane.checks.answer(view.id, late)).rejects.toMatchObject({ code: "conflict" });
    },
  );

  it("whose answer has expired before the gate satisfies nothing", async () => {
    const maria = await enrol("maria@shop.example", "qa");
    // The other check holds the promotion up until the answer is too old.
    const checks = checklist(", validFor: 1s").replace(
      /\}\]$/,
      "}, { name: second, uses: manual, with: { kind: checklist, role: qa, items: [{ id: one, text: One }] } }]",
    );
    const id = await start(checks);
    const views = await until(
      () => plane.checks.asked(id),
      (seen) => seen.length === 2,
    );
    const first = views.find(({ check }) => check === "qa");
    const second = views.find(({ check }) => check === "second");
    if (!first || !second) throw new Error("two are asked");
    await plane.checks.answer(first.id, await signed(first, maria, good));
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const one: ManualAnswers = { kind: "checklist", items: [{ id: "one", result: "pass" }] };
    await plane.checks.answer(second.id, await signed(second, maria, one));
    const done = await ended(plane, id);
    expect(done.state).toBe("failed");
    expect(done.message).toContain("stale");
  });

  it("is cancelled with its promotion, whose request nobody can answer then", async () => {
    const maria = await enrol("maria@shop.example", "qa");
    const id = await start(checklist());
    const view = await asked(id);
    await plane.abort(operator, id);
    expect((await ended(plane, id)).state).toBe("aborted");
    await expect(
      plane.checks.answer(view.id, await signed(view, maria, good)),
    ).rejects.toMatchObject({ code: "conflict", message: expect.stringContaining("aborted") });
    expect(await plane.checks.asked(null)).toEqual([]);
  });
});

describe("a sign-off on the live colour", () => {
  const live = `      checks: [{ name: sre, uses: manual, phase: live, with: { kind: checklist, role: sre,
        items: [{ id: signals, text: Errors are what they were, notApplicable: false }] } }]`;
  const of = (result: "pass" | "fail"): ManualAnswers => ({
    kind: "checklist",
    items: [{ id: "signals", result, comment: "I looked" }],
  });

  it("keeps the promotion from being complete until somebody answers", async () => {
    const sam = await enrol("sam@shop.example", "sre");
    const id = await start(live);
    const view = await asked(id);
    const waiting = await until(
      () => plane.showPromotion(id),
      (promotion) => promotion.waiting?.reason.includes("a person is asked") === true,
    );
    expect(waiting.waiting?.who).toContain("somebody with the role sre");
    expect(bench.host.live("shop/dev")).toBe("blue");
    await plane.checks.answer(view.id, await signed(view, sam, of("pass")));
    expect((await ended(plane, id)).state).toBe("complete");
  });

  it("that is refused takes the traffic back", async () => {
    const sam = await enrol("sam@shop.example", "sre");
    const id = await start(live);
    const view = await asked(id);
    await plane.checks.answer(view.id, await signed(view, sam, of("fail")));
    expect((await ended(plane, id)).message).toContain("check sre: fail");
    expect(bench.host.live("shop/dev")).toBeNull();
  });
});

describe("an answer is used again", () => {
  const failing = [{ name: "after", uses: "staged" }];

  /** Answered well, and ended by something else: nothing went live. */
  async function once(more: string): Promise<string> {
    const maria = await enrol("maria@shop.example", "qa");
    const late = `, { name: ${failing[0]?.name}, uses: staged, needs: [qa] }]`;
    bench.staged.verdicts = ["fail"];
    const first = await start(checklist(more).replace(/\]$/, late));
    const view = await asked(first);
    await plane.checks.answer(view.id, await signed(view, maria, good));
    expect((await ended(plane, first)).state).toBe("failed");
    return first;
  }

  async function twice(more: string, by = operator): Promise<{ first: string; second: string }> {
    const first = await once(more);
    return { first, second: (await plane.promote(by, dev)).id };
  }

  it("by a later promotion of exactly the same, until it expires", async () => {
    const { first, second } = await twice("");
    const done = await ended(plane, second);
    expect(done.state).toBe("complete");
    const [view] = await plane.checks.asked(second);
    expect(view?.answer?.reuses).not.toBeNull();
    expect(done.checks.find(({ name }) => name === "qa")?.report?.summary).toContain(first);
    // Whoever has the pack verifies both without a server: the bytes, the key, the right, what was asked.
    const subject = { kind: "release" as const, service: "shop", release: "1.0.0", seen: [] };
    const { zip } = await plane.exportPack(operator, subject);
    const { report } = verifyPack(zip, null);
    expect(report.problems).toEqual([]);
    expect(report.checks.find(({ id }) => id === "answers")).toMatchObject({
      state: "ok",
      count: 2,
    });
  });

  it("by none after somebody else has answered the same questions otherwise", async () => {
    await once("");
    const [maria] = await plane.people.list();
    const peter = await enrol("peter@shop.example", "qa");
    await plane.people.revoke(operator, maria?.grants[0]?.id ?? "");
    const second = (await plane.promote(operator, dev)).id;
    const view = await asked(second);
    const bad: ManualAnswers = {
      kind: "checklist",
      items: good.items.map((item) => ({ ...item, result: "fail", comment: "it is empty" })),
    };
    await plane.checks.answer(view.id, await signed(view, peter, bad));
    expect((await ended(plane, second)).state).toBe("failed");
    const name = "maria@shop.example";
    const right = "checks.answer:qa";
    await plane.people.grant(operator, { name, right, service: null, environment: "dev" });
    const third = (await plane.promote(operator, dev)).id;
    expect((await asked(third)).state).toBe("open");
  });

  it("by none whose row, or whose author's right, somebody has changed in the database alone", async () => {
    const { db } = bench.database;
    const lasting = async (promotion: string) => {
      const { state, checks } = await ended(plane, promotion);
      expect(state).toBe("failed");
      expect(checks.find(({ name }) => name === "qa")?.report).toMatchObject({
        verdict: "error",
        summary: expect.stringContaining("changed behind the ledger"),
      });
    };
    const first = await once("");
    const longer = (by: string) =>
      sql`update check_requests set valid_until = valid_until + ${by}::interval
        where promotion = ${first}`.execute(db);
    await longer("9 years");
    await lasting((await plane.promote(operator, dev)).id);
    await longer("-9 years");
    const [maria] = await plane.people.list();
    await plane.people.revoke(operator, maria?.grants[0]?.id ?? "");
    await db.updateTable("grants").set({ removed_at: null, removed_by: null }).execute();
    await lasting((await plane.promote(operator, dev)).id);
  });

  it.runIf(long)("by none where the form says so", async () => {
    const { second } = await twice(", reuse: never");
    expect((await asked(second)).state).toBe("open");
  });

  it.runIf(long)("not for a promotion that its author began", async () => {
    const { second } = await twice("", { id: "maria@shop.example" });
    expect((await asked(second)).state).toBe("open");
  });
});

describe("an expert session", () => {
  const found: ManualAnswers = {
    kind: "session",
    minutes: 1,
    covered: ["checkout"],
    findings: [
      {
        severity: "critical",
        title: "Orders of others can be read",
        place: "GET /orders/{id}",
        description: "Any signed-in person reads any order.",
        replay: "Sign in as bob and open /orders/1.",
      },
    ],
  };

  it("turns findings into observations that the thresholds judge", async () => {
    const sam = await enrol("sam@shop.example", "security");
    const id = await start(session);
    const view = await asked(id);
    await plane.checks.begin(operator, view.id);
    await expect(plane.checks.begin(operator, view.id)).rejects.toMatchObject({ code: "conflict" });
    await plane.checks.answer(view.id, await signed(view, sam, found));
    const done = await ended(plane, id);
    expect(done.state).toBe("failed");
    expect(done.checks[0]?.report).toMatchObject({
      verdict: "fail",
      counts: { critical: 1 },
      observations: [{ place: { kind: "http", method: "GET", route: "/orders/{id}" } }],
    });
  });

  it("that nobody began, or that is too short, is refused, and can go on", async () => {
    const sam = await enrol("sam@shop.example", "security");
    const id = await start(session.replace("timeBox: 2h", "timeBox: 2h, atLeast: 15m"));
    const view = await asked(id);
    const answer = (minutes: number) => signed(view, sam, { ...found, minutes, findings: [] });
    const refused = async (minutes: number, error: object) =>
      expect(plane.checks.answer(view.id, await answer(minutes))).rejects.toMatchObject(error);
    await refused(55, { code: "conflict", hint: expect.stringContaining("check begin") });
    await plane.checks.begin(operator, view.id);
    await refused(55, { code: "conflict", message: expect.stringMatching(/least 15 min .* left/) });
    const still = await plane.checks.request(view.id);
    expect(still).toMatchObject({ state: "open", answer: null, ranMs: expect.any(Number) });
    expect(still.ranMs).toBeLessThan(15 * 60_000);
    const { db } = bench.database;
    const kept = await db.selectFrom("attestations").select("digest").where("origin", "=", "given");
    expect(await kept.execute()).toEqual([]);
    expect((await plane.showPromotion(id)).state).toBe("running");
  });
});

describe("an answer is refused, and nothing is changed,", () => {
  async function refused(
    view: ManualRequestView,
    envelope: Uint8Array,
    error: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    await expect(plane.checks.answer(view.id, envelope)).rejects.toMatchObject(error);
    expect((await plane.checks.request(view.id)).state).toBe("open");
    const { db } = bench.database;
    const kept = await db.selectFrom("attestations").select("digest").where("origin", "=", "given");
    expect(await kept.execute()).toEqual([]);
  }

  it("when it is forged, for something else, by somebody else, or does not fit the questions", async () => {
    const maria = await enrol("maria@shop.example", "qa");
    const peter = await enrol("peter@shop.example", null);
    const id = await start(checklist());
    const view = await asked(id);
    const forged = { person: maria.person, key: peter.key };
    await refused(view, await signed(view, forged, good), {
      code: "invalid-input",
      message: expect.stringContaining("signed by 0 of 1"),
    });
    await refused(view, await signed(view, peter, good), {
      code: "forbidden",
      message: expect.stringContaining("no right to answer as qa"),
    });
    const other = `sha256:${"1".repeat(64)}`;
    for (const change of [
      { release: other },
      { configuration: other },
      { form: other },
      { plan: other },
      { environment: "production" },
      { colour: "green" as const },
      { promotion: "p-other" },
      { request: "f".repeat(32) },
      { ledger: "tidelock/other" },
      { role: "sre" },
    ]) {
      await refused(view, await signed(view, maria, good, change), { code: "invalid-input" });
    }
    await refused(view, await signed(view, maria, { ...good, items: good.items.slice(1) }), {
      message: expect.stringContaining("the item basket has no answer"),
    });
    await refused(view, Buffer.from("{}"), { code: "invalid-input" });
    const envelope = JSON.parse(Buffer.from(await signed(view, maria, good)).toString());
    const text = Buffer.from(envelope.payload, "base64").toString().replace("QA-7", "QA-8");
    envelope.payload = Buffer.from(text).toString("base64");
    await refused(view, Buffer.from(JSON.stringify(envelope)), { code: "invalid-input" });
  });

  it("when it is the own work of whoever signs: by commit, by name, by what they began", async () => {
    const maria = await enrol("maria@shop.example", "qa", ["mk@home.example"]);
    await plane.applyDocuments(operator, "t.yaml", documents({ dev: checklist() }));
    const author = { name: "MK", email: "MK@home.example" };
    const commit = { revision: "a".repeat(40), subject: "x", at: "2026-01-01T00:00:00Z" };
    const commits = [{ ...commit, author, committer: author, coAuthors: [] }];
    const source = {
      kind: "git" as const,
      revision: commit.revision,
      dirty: false,
      truncated: false,
    };
    const release = makeRelease(bench, "1.0.0", { source: { ...source, commits } });
    await plane.createRelease(operator, release);
    const { id } = await plane.promote(operator, dev);
    const view = await asked(id);
    await refused(view, await signed(view, maria, good), {
      code: "forbidden",
      message: expect.stringContaining("this is own work: MK@home.example has worked on commit"),
    });
    const peter = await enrol("peter@shop.example", "qa");
    await plane.abort(operator, id);
    await ended(plane, id);
    const second = await plane.promote({ id: "peter@shop.example" }, dev);
    const again = await asked(second.id);
    await refused(again, await signed(again, peter, good), {
      code: "forbidden",
      message: expect.stringContaining("who began the promotion was peter@shop.example"),
    });
  });

  it("when it is own work that somebody has hidden: a name changed or erased, a pipeline registered again", async () => {
    const { db } = bench.database;
    const maria = await enrol("maria@shop.example", "qa", ["mk@home.example"]);
    const apply = (who: string, checks: string) =>
      plane.applyDocuments({ id: who }, "t.yaml", documents({ dev: checks }));
    await apply("mk@home.example", checklist());
    await apply("operator", checklist(", validFor: 1d"));
    await apply("operator", checklist());
    await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
    const { id } = await plane.promote(operator, dev);
    const view = await asked(id);
    const envelope = await signed(view, maria, good);
    await refused(view, envelope, {
      code: "forbidden",
      message: expect.stringContaining("who registered the pipeline was mk@home.example"),
    });
    const rename = (from: string, to: string | null) =>
      db.updateTable("ledger_people").set({ person: to }).where("person", "=", from).execute();
    await rename("mk@home.example", "somebody@else.example");
    await refused(view, envelope, { code: "denied" });
    await rename("somebody@else.example", "mk@home.example");
    const documentsBy = (who: string, by: string) =>
      db.updateTable("documents").set({ applied_by: by }).where("applied_by", "=", who).execute();
    await documentsBy("mk@home.example", "operator");
    await refused(view, envelope, { code: "denied" });
    await db
      .deleteFrom("documents")
      .where("version", "=", 1)
      .where("kind", "=", "Pipeline")
      .execute();
    await refused(view, envelope, { code: "denied" });
  });

  it("when it comes twice, also at the same moment", async () => {
    const maria = await enrol("maria@shop.example", "qa");
    const id = await start(checklist());
    const view = await asked(id);
    const envelope = await signed(view, maria, good);
    const both = await Promise.allSettled([
      plane.checks.answer(view.id, envelope),
      plane.checks.answer(view.id, envelope),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    await expect(plane.checks.answer(view.id, envelope)).rejects.toMatchObject({
      code: "conflict",
    });
    expect((await ended(plane, id)).state).toBe("complete");
  });

  it("when the right was taken away, and when somebody gave it back in the database alone", async () => {
    const maria = await enrol("maria@shop.example", "qa");
    const id = await start(checklist());
    const view = await asked(id);
    const [person] = await plane.people.list();
    const [grant] = person?.grants ?? [];
    await plane.people.revoke(operator, grant?.id ?? "");
    await refused(view, await signed(view, maria, good), { code: "forbidden" });
    await bench.database.db
      .updateTable("grants")
      .set({ removed_at: null, removed_by: null })
      .execute();
    await refused(view, await signed(view, maria, good), { code: "denied" });
    await bench.database.db.updateTable("grants").set({ changes: 1 }).execute();
    await refused(view, await signed(view, maria, good), { code: "denied" });
    await plane.people.removeKey(operator, person?.keys[0]?.id ?? "");
  });

  it.runIf(long)("when its key was taken away", async () => {
    const maria = await enrol("maria@shop.example", "qa");
    const id = await start(checklist());
    const view = await asked(id);
    const [person] = await plane.people.list();
    await plane.people.removeKey(operator, person?.keys[0]?.id ?? "");
    await refused(view, await signed(view, maria, good), {
      message: expect.stringContaining("signed by 0 of 1"),
      hint: expect.stringContaining("no key of this person counts"),
    });
  });

  it("when it holds a secret of the environment", async () => {
    bench.secrets.set("shop-db", "hunter2-hunter2");
    await plane.applyDocuments(operator, "t.yaml", documents({ dev: checklist() }));
    const secret = { provider: "local", name: "shop-db" };
    await plane.applyConfiguration(operator, {
      kind: "Configuration",
      formatVersion: 1,
      service: "shop",
      environment: "dev",
      values: {},
      secrets: { DB: secret },
      isolated: { values: {}, secrets: {} },
      delivery: "environment",
    } as never);
    const maria = await enrol("maria@shop.example", "qa");
    const id = await start(checklist());
    const view = await asked(id);
    const comment = "the password hunter2-hunter2 worked";
    await refused(view, await signed(view, maria, { ...good, comment }), {
      message: expect.stringContaining("a secret of this environment"),
    });
  });
});
