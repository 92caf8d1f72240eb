import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bootstrap } from "../../src/server/sign-in/token-check.ts";
import type { SponsorsView } from "../../src/api/routes/people.ts";
import type { ControlPlane } from "../../src/ports/control-plane.ts";
import { askedApproval, enrolApprover, signedApproval } from "../support/approvals-lab.ts";
import { documents, makeRelease, operator } from "../support/engine-bench.ts";
import { TestIssuer } from "../support/issuer.ts";
import { signInMade } from "../support/made-sign-in.ts";
import { type Browser, SignInLab } from "../support/sign-in-lab.ts";

/** A provider of identities as the third person who says that somebody is who they are. */

const me = { id: "me@shop.example" };
const jo = { id: "jo@shop.example" };
const hr = { id: "hr@shop.example" };
const desk = { id: "desk@shop.example" };
const name = "p@shop.example";

let lab: SignInLab;
let made: TestIssuer;
let plane: ControlPlane;
beforeEach(async () => {
  made = await TestIssuer.start();
  lab = await SignInLab.create({ made: { issuer: made.url } }, [made.url]);
  plane = lab.access.worker.controlPlane;
}, 60_000);
afterEach(async () => {
  await lab.close();
  await made.close();
});

const wish = { provider: "made", demand: null, administrators: [], days: 90 };
const letVouch = (by = hr, more: Partial<typeof wish> = {}) =>
  plane.identities.letVouch(by, { ...wish, ...more });
const link = (by = desk, subject = "p", whose = name) =>
  plane.identities.link(by, { name: whose, provider: "made", subject });
const at = (sub: string, claims: Record<string, unknown> = {}) =>
  signInMade(lab, made, { sub, ...claims });

const ownPage = { origin: "http://localhost", "sec-fetch-site": "same-origin", "x-tidelock": "1" };

async function say(browser: Browser, acts: readonly string[]) {
  const answer = await lab.access.apps[0]!.inject({
    method: "POST",
    url: "/api/v1/account/sponsors",
    headers: { host: "localhost", cookie: browser.ours.header, ...ownPage },
    payload: { acts },
  });
  return { status: answer.statusCode, text: answer.body };
}

/** What of theirs is open, but for the link by which they sign in there. */
async function openOf(whose = name): Promise<readonly string[]> {
  const view = await plane.people.sponsors(whose);
  return operations(view.acts.filter(({ open, what }) => open && !what.includes("provider")));
}

const operations = (acts: SponsorsView["acts"]) => acts.map(({ operation }) => operation);

/** As `p` says it whose identity was linked by somebody, at a provider that somebody let vouch. */
async function said(): Promise<{ readonly status: number; readonly text: string }> {
  return say(await at("p"), await openOf());
}

describe("a provider's word", () => {
  it("lets somebody approve the work of whoever enrolled them, and tells nobody who they are there", async () => {
    const p = await enrolApprover(plane, name, ["sre"], { by: me });
    await plane.applyDocuments(
      jo,
      "t.yaml",
      documents({ dev: "      approvals: [{ role: sre }]" }),
    );
    await plane.createRelease(me, makeRelease(lab.access.bench, "1.0.0"));
    const dev = { service: "shop", environment: "dev", release: "1.0.0" };
    const view = await askedApproval(plane, (await plane.promote(jo, dev)).id);
    const bytes = await signedApproval(view, p);
    await expect(plane.approvals.answer(view.id, bytes)).rejects.toThrow(/no third person vouched/);
    await letVouch();
    // Somebody's who was linked by whoever has worked on it, too, is no third person's word beside this.
    const q = await enrolApprover(plane, "q@shop.example", ["sre"], { by: me });
    await link(jo, "q", "q@shop.example");
    const theirs = await say(await at("q"), await openOf("q@shop.example"));
    expect(theirs.status).toBe(200);
    await expect(plane.approvals.answer(view.id, await signedApproval(view, q))).rejects.toThrow(
      /no third person vouched/,
    );
    const { id } = await link();
    const browser = await at("p", { acr: "high", amr: ["pwd", "otp"] });
    const shown = await browser.get("/api/v1/account/sponsors", 0, ownPage);
    expect([shown.status, JSON.parse(shown.text)]).toEqual([
      200,
      expect.objectContaining({ name, toVouch: expect.anything() }),
    ]);
    expect(await say(browser, await openOf())).toMatchObject({ status: 200 });
    const { acts } = await plane.people.sponsors(name);
    const by = `provider:${made.url}#${id}`;
    expect(acts.slice(0, 2).map(({ open, vouched }) => [open, vouched])).toEqual([
      [false, [{ person: by, name: `provider:${made.url}` }]],
      [false, [{ person: by, name: `provider:${made.url}` }]],
    ]);
    await plane.approvals.answer(view.id, bytes);
    const { rows } = await sql<{ payload: Record<string, unknown> }>`
      select payload from ledger_entries where kind = 'person.vouched' order by entry`.execute(
      lab.access.bench.database.db,
    );
    expect(rows.at(-1)?.payload).toMatchObject({
      voucher: null,
      issuer: made.url,
      key: "one",
      facts: {
        identity: id,
        acr: "high",
        amr: ["pwd", "otp"],
        authTime: expect.any(Number),
        token: expect.stringMatching(/^sha256:/),
      },
    });
    expect(await plane.ledger.verifyState()).toMatchObject({ ok: true });
  });

  it("is nobody's who was linked by their sponsor: it may be the sponsor's own second account", async () => {
    await enrolApprover(plane, name, [], { by: me });
    await letVouch();
    await link(me, "me-2");
    const mine = await say(await at("me-2"), await openOf());
    expect(mine).toMatchObject({ status: 403, text: expect.stringContaining("no third person") });
    // Nor when somebody linked it whom the sponsor had made, or the person themselves.
    await enrolApprover(plane, "quinn@shop.example", [], { by: me });
    await link({ id: "quinn@shop.example" }, "me-3");
    expect((await say(await at("me-3"), await openOf())).status).toBe(403);
    await link({ id: name }, "me-4");
    expect((await say(await at("me-4"), await openOf())).status).toBe(403);
    expect(await openOf()).toHaveLength(1);
  });

  it("is no third person's where the sponsor let the provider vouch, or administers it", async () => {
    await enrolApprover(plane, name, [], { by: me });
    await link();
    const { id } = await letVouch(me);
    expect((await said()).status).toBe(403);
    await plane.identities.letVouchNoMore(jo, id);
    await plane.people.add(operator, { name: me.id, also: [] });
    const { id: second } = await letVouch(hr, { administrators: [me.id] as never });
    expect((await said()).status).toBe(403);
    await plane.identities.letVouchNoMore(jo, second);
    await letVouch(hr);
    expect((await said()).status).toBe(200);
    expect(await openOf()).toEqual([]);
  });

  it("is no third person's where the sponsor had that identity before, whoever links it to somebody else", async () => {
    await enrolApprover(plane, name, [], { by: me });
    await plane.people.add(operator, { name: me.id, also: [] });
    await letVouch();
    const { id } = await link(desk, "mine", me.id);
    await plane.identities.unlink(hr, id);
    await link(desk, "mine");
    const mine = await say(await at("mine"), await openOf());
    expect(mine).toMatchObject({ status: 403, text: expect.stringContaining("no third person") });
  });

  it("counts no more after a reset, after relinking, and when the provider may vouch no more", async () => {
    await enrolApprover(plane, name, [], { by: me });
    const granting = { ...me, principal: bootstrap };
    const { secret } = await plane.accounts.makeLink(granting, "invite", name);
    const password = "a quiet harbour at dawn";
    await plane.accounts.redeem({ secret, password }, { place: "here", program: "a browser" });
    const { id: setting } = await letVouch();
    const first = await link();
    expect(await said()).toMatchObject({ status: 200 });
    expect(await openOf()).toHaveLength(0);
    await plane.accounts.makeLink(granting, "reset", name);
    const all = await openOf();
    // The key, the invitation and the reset.
    expect(all).toHaveLength(3);
    // What they say after it is about everything that was made for them until then.
    expect((await said()).status).toBe(200);
    expect(await openOf()).toHaveLength(0);
    await plane.identities.unlink(hr, first.id);
    expect(await openOf()).toEqual(all);
    await link();
    expect(await openOf()).toEqual(all);
    expect((await said()).status).toBe(200);
    expect(await openOf()).toHaveLength(0);
    await plane.identities.letVouchNoMore(hr, setting);
    expect(await openOf()).toEqual(all);
  });

  it("is about whoever signs in there, and about what they name themselves", async () => {
    await enrolApprover(plane, name, [], { by: me });
    await enrolApprover(plane, "nia@shop.example", [], { by: me });
    await letVouch();
    await link();
    await link(desk, "nia", "nia@shop.example");
    const theirs = await openOf();
    expect(await say(await at("nia"), theirs)).toMatchObject({
      status: 400,
      text: expect.stringContaining("nothing that was made for you"),
    });
    // A key that is slipped in later is not in what was said.
    await said();
    const { publicKey } = await import("node:crypto").then((c) => c.generateKeyPairSync("ed25519"));
    const key = String(publicKey.export({ type: "spki", format: "pem" }));
    await plane.people.add(me, { name, key, also: [] });
    expect(await openOf()).toHaveLength(1);
    await at("p");
    expect(await openOf()).toHaveLength(1);
  });

  it("wants a sign-in of just now, with as much as two people wanted, at a provider that may vouch", async () => {
    await enrolApprover(plane, name, [], { by: me });
    await link();
    const open = await openOf();
    expect((await say(await at("p"), open)).text).toContain("may vouch for nobody");
    await letVouch(hr, { demand: { amr: ["hwk"] } as never });
    const now = Math.floor(Date.now() / 1000);
    for (const [claims, why] of [
      [{ auth_time: now - 700, amr: ["hwk"] }, "within the last ten minutes"],
      [{ auth_time: undefined, amr: ["hwk"] }, "within the last ten minutes"],
      [{ amr: ["pwd"] }, "what is wanted here"],
    ] as const) {
      const { status, text } = await say(await at("p", claims), open);
      expect([status, text]).toEqual([403, expect.stringContaining(why)]);
    }
    expect((await say(await at("p", { amr: ["hwk"] }), open)).status).toBe(200);
  });

  it("is what the ledger says: a row that somebody edits vouches for nobody", async () => {
    await enrolApprover(plane, name, [], { by: me });
    await letVouch();
    await link();
    expect((await said()).status).toBe(200);
    const { db } = lab.access.bench.database;
    await sql`update person_vouches set facts = jsonb_set(facts, '{until}', '"2099-01-01T00:00:00Z"')`.execute(
      db,
    );
    expect(await plane.ledger.verifyState()).toMatchObject({ ok: false });
    expect((await say(await at("p"), [(await plane.people.sponsors(name)).acts[0]!.operation])).status).toBe(403); // prettier-ignore
  });
});

describe("which providers vouch", () => {
  it("is said once of each, shown, and taken back by one", async () => {
    const view = await letVouch(hr, { days: 30 });
    expect(view).toMatchObject({ issuer: made.url, days: 30, addedBy: hr.id });
    await expect(letVouch()).rejects.toThrow(/may vouch already/);
    expect(await plane.identities.vouching()).toEqual([view]);
    await plane.identities.letVouchNoMore(jo, view.id);
    await expect(plane.identities.letVouchNoMore(jo, view.id)).rejects.toThrow(/no such provider/);
    expect(await plane.identities.vouching()).toEqual([]);
    await expect(plane.identities.letVouch(hr, { ...wish, provider: "other" })).rejects.toThrow(
      /no provider other/,
    );
    expect(await plane.ledger.verifyState()).toMatchObject({ ok: true });
  });
});
