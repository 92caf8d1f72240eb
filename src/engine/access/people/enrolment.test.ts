import { sql } from "kysely";
import { generateKeyPairSync } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Approver,
  askedApproval,
  enrolApprover,
  signedApproval,
  vouchFor,
} from "../../../../test/support/approvals-lab.ts";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  until,
  type Worker,
} from "../../../../test/support/engine-bench.ts";
import { verifyPack } from "../../../audit/verify-pack.ts";
import { bootstrap } from "../../../server/sign-in/token-check.ts";
import { tokenDigest } from "../../../model/token.ts";
import type { ControlPlane } from "../../../ports/control-plane.ts";

let bench: EngineBench;
let worker: Worker;
let plane: ControlPlane;
const me = { id: "me@shop.example" };
const quinn = { id: "quinn@shop.example" };
const jo = { id: "jo@shop.example" };
const hr = { id: "hr@shop.example" };
const everywhere = { service: null, environment: null };
const dev = { service: "shop", environment: "dev", release: "1.0.0" };

beforeEach(async () => {
  bench = await EngineBench.create();
  worker = bench.worker();
  await worker.engine.log.open("1.0.0");
  plane = worker.controlPlane;
});
afterEach(() => bench.close());

/** A promotion of what `me` handed in, which somebody has to approve. */
async function mine(): Promise<Awaited<ReturnType<typeof askedApproval>>> {
  await plane.applyDocuments(jo, "t.yaml", documents({ dev: "      approvals: [{ role: sre }]" }));
  await plane.createRelease(me, makeRelease(bench, "1.0.0"));
  const { id } = await plane.promote(jo, dev);
  return askedApproval(plane, id);
}

const answer = async (who: Approver) => {
  const view = await mine();
  return plane.approvals.answer(view.id, await signedApproval(view, who));
};

const vouch = (name: string, who: Approver) => vouchFor(plane, name, who);

const mayVouch = async (name: string, by = operator): Promise<Approver> => {
  const who = await enrolApprover(plane, name, [], { by });
  await plane.people.grant(by, { name, right: "people.vouch", ...everywhere });
  return who;
};

describe("an identity that I made", () => {
  it("approves nothing of mine, until a third person vouches for it", async () => {
    const p = await enrolApprover(plane, "p@shop.example", ["sre"], { by: me });
    const view = await mine();
    const bytes = await signedApproval(view, p);
    await expect(plane.approvals.answer(view.id, bytes)).rejects.toThrow(
      /has worked on it, and no third person vouched/,
    );
    const v = await mayVouch("v@shop.example");
    const after = await vouch("p@shop.example", v);
    expect(after.toVouch).toBeNull();
    expect(after.acts.map(({ vouched }) => vouched.map(({ name }) => name))).toEqual([
      ["v@shop.example"],
      ["v@shop.example"],
    ]);
    // Where the voucher had a hand in the work, it takes another one's word.
    expect(await plane.people.sponsors("p@shop.example", v.person)).toMatchObject({
      toVouch: null,
    });
    const w = await mayVouch("w@shop.example");
    const again = await plane.people.sponsors("p@shop.example", w.person);
    expect(again.toVouch?.acts).toHaveLength(2);
    await plane.approvals.answer(view.id, bytes);
    expect((await ended(plane, view.asked.promotion)).state).toBe("complete");
    expect(await plane.ledger.verifyState()).toMatchObject({ ok: true });
    const about = { kind: "release", service: "shop", release: "1.0.0", seen: [] } as const;
    const { zip } = await plane.exportPack(jo, { ...about, seen: [] });
    const { report, story } = verifyPack(zip, null);
    expect(report.problems).toEqual([]);
    expect(story?.people[0]).toMatchObject({
      person: p.person,
      acts: [{ what: "the key", vouched: [v.person] }, { vouched: [v.person] }],
    });
    expect(report.checks.find(({ id }) => id === "people")?.count).toBeGreaterThan(0);
  });

  it("approves nothing of mine when somebody made it whom I made", async () => {
    await enrolApprover(plane, quinn.id, [], { by: me });
    const p = await enrolApprover(plane, "p@shop.example", ["sre"], { by: quinn });
    await expect(answer(p)).rejects.toThrow(/has worked on it, and no third person vouched/);
  });

  it("is not vouched for by myself, by itself, by my own puppet, or by somebody without the right", async () => {
    const p = await enrolApprover(plane, "p@shop.example", ["sre"], { by: me });
    await plane.people.grant(me, { name: "p@shop.example", right: "people.vouch", ...everywhere });
    const own = await mayVouch(me.id, jo);
    const puppet = await mayVouch("puppet@shop.example", me);
    const plain = await enrolApprover(plane, "plain@shop.example", [], { by: jo });
    await expect(vouch("p@shop.example", own)).rejects.toThrow(/no third person's word/);
    await expect(vouch("p@shop.example", p)).rejects.toThrow(/both signatures are of/);
    await expect(vouch("p@shop.example", puppet)).rejects.toThrow(/no third person's word/);
    await expect(vouch("p@shop.example", plain)).rejects.toThrow(/right to vouch/);
  });

  it("approves nothing of mine as a colleague whose key I have reset", async () => {
    await enrolApprover(plane, "kim@shop.example", ["sre"], { by: jo });
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const key = String(publicKey.export({ type: "spki", format: "pem" }));
    const { person } = await plane.people.add(me, { name: "kim@shop.example", key, also: [] });
    await expect(answer({ person, key: privateKey })).rejects.toThrow(
      /not the person's first|third person/,
    );
  });

  it("approves nothing of mine when I linked a name to it, or gave it its role", async () => {
    const p = await enrolApprover(plane, "p@shop.example", ["sre"], { by: hr });
    await plane.people.add(me, { name: "p@shop.example", also: ["p@home.example"] });
    await expect(answer(p)).rejects.toThrow(/enrolled another name has worked on it/);
    const r = await enrolApprover(plane, "r@shop.example", ["sre"], { by: hr });
    const granting = { ...me, principal: { ...bootstrap, id: me.id } };
    await plane.access.assign(granting, {
      to: { person: "r@shop.example" },
      role: "sre",
      ...everywhere,
    });
    const [view] = await plane.approvals.list({ state: "open", limit: 1 });
    if (!view) throw new Error("nobody was asked");
    const bytes = await signedApproval(view, r);
    await expect(plane.approvals.answer(view.id, bytes)).rejects.toThrow(
      /the role sre has worked on it/,
    );
  });

  it("waits a day after it gave itself the right through somebody it made", async () => {
    const kim = await enrolApprover(plane, "kim@shop.example", [], { by: hr });
    await enrolApprover(plane, quinn.id, [], { by: { id: "kim@shop.example" } });
    const given = { name: "kim@shop.example", right: "approve:sre", ...everywhere };
    await plane.people.grant(quinn, given);
    await expect(answer(kim)).rejects.toThrow(/gave itself what it has, and cannot approve before/);
  });
});

describe("a new person", () => {
  it("comes by no name of ours, nor by one that looks like somebody else's; who is here by one stays", async () => {
    const { db } = bench.database;
    const add = (name: string, also: string[] = []) => plane.people.add(operator, { name, also });
    await add("admin@shop.example");
    for (const name of ["auto", "system", "operator", "аdmin@shop.example", "ａdmin"]) {
      await expect(add(name)).rejects.toThrow(/cannot be a person's name here/);
    }
    await expect(add("kim@shop.example", ["auto"])).rejects.toThrow(/tells nobody apart/);
    const granting = { ...operator, principal: bootstrap };
    const link = plane.accounts.makeLink(granting, "invite", "аdmin@shop.example");
    await expect(link).rejects.toThrow(/mixes letters of Latin and Cyrillic/);
    const first = (await plane.accounts.firstLink()) ?? "";
    const place = { place: "127.0.0.0/24", program: "Firefox" };
    const given = {
      secret: first,
      name: "adrnin@shop.example",
      password: "nine oars in the water",
    };
    await expect(plane.accounts.redeem(given, place)).rejects.toThrow(/it looks like admin@/);
    // From before names were looked at.
    await sql`update ledger_people set person = 'аdmin', changes = 0 where person = 'admin@shop.example'`.execute(db); // prettier-ignore
    expect((await add("аdmin", ["admin@home.example"])).name).toBe("аdmin");
  });
});

describe("somebody who is here no more", () => {
  it("signs nothing that counts, and what they approved and nobody used counts no more", async () => {
    const maria = await enrolApprover(plane, "maria@shop.example", ["sre"]);
    const paul = await enrolApprover(plane, "paul@shop.example", ["sre"]);
    await plane.applyDocuments(
      operator,
      "t.yaml",
      documents({ dev: "      approvals: [{ role: sre, count: 2 }]" }),
    );
    await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
    const { id } = await plane.promote(operator, dev);
    const view = await askedApproval(plane, id);
    await plane.approvals.answer(view.id, await signedApproval(view, maria));
    const gone = await plane.people.setStanding(operator, "maria@shop.example", {
      state: "suspended",
      from: null,
      reason: "lost her laptop",
    });
    expect(gone.absent).toContain("suspended since");
    const anew = await askedApproval(plane, id, (one) => one.id !== view.id);
    await expect(
      plane.approvals.answer(anew.id, await signedApproval(anew, maria)),
    ).rejects.toThrow(/no answer|suspended/);
    await plane.approvals.answer(anew.id, await signedApproval(anew, paul));
    expect((await plane.showPromotion(id)).state).toBe("running");
    await plane.people.setStanding(operator, "maria@shop.example", {
      state: "active",
      from: null,
      reason: "found it",
    });
    const open = await askedApproval(plane, id, ({ state }) => state === "open");
    await plane.approvals.answer(open.id, await signedApproval(open, maria));
    expect((await ended(plane, id)).state).toBe("complete");
    expect(await plane.ledger.verifyState()).toMatchObject({ ok: true });
  });

  it("has no token that counts, at once, and again after they came back", async () => {
    await enrolApprover(plane, "maria@shop.example", []);
    const granting = { ...operator, principal: bootstrap };
    await plane.access.assign(granting, {
      to: { person: "maria@shop.example" },
      role: "developer",
      ...everywhere,
    });
    const { token } = await plane.access.createToken(granting, {
      name: "laptop",
      person: "maria@shop.example",
      ...everywhere,
      lastsMs: 600_000,
    });
    const ask = () => plane.access.byToken(tokenDigest(token));
    expect((await ask())?.holdings).toHaveLength(1);
    await plane.people.setStanding(operator, "maria@shop.example", {
      state: "left",
      from: null,
      reason: "new job",
    });
    expect(await ask()).toBeNull();
    await plane.people.setStanding(operator, "maria@shop.example", {
      state: "active",
      from: null,
      reason: "came back",
    });
    expect((await ask())?.holdings).toHaveLength(1);
    const soon = new Date(Date.now() + 700).toISOString();
    await plane.people.setStanding(operator, "maria@shop.example", {
      state: "left",
      from: soon,
      reason: "new job",
    });
    expect(await ask()).not.toBeNull();
    await until(ask, (one) => one === null);
  });

  it("is not brought back by taking the word out of the database", async () => {
    await enrolApprover(plane, "maria@shop.example", ["sre"]);
    await plane.people.setStanding(operator, "maria@shop.example", {
      state: "suspended",
      from: null,
      reason: "lost",
    });
    await sql`delete from person_standings`.execute(bench.database.db);
    expect(await plane.ledger.verifyState()).toMatchObject({
      ok: false,
      difference: { table: "person_standings" },
    });
    const paul = await enrolApprover(plane, "paul@shop.example", ["sre"]);
    const view = await mine();
    await expect(plane.approvals.answer(view.id, await signedApproval(view, paul))).rejects.toThrow(
      /behind the ledger/,
    );
  });
});

describe("a row that somebody put into the database", () => {
  it("gives nobody a role or a token", async () => {
    const granting = { ...operator, principal: bootstrap };
    const { token, id } = await plane.access.createToken(granting, {
      name: "ci",
      role: "ci",
      ...everywhere,
      lastsMs: 600_000,
    });
    const holds = async () =>
      (await plane.access.byToken(tokenDigest(token)))?.holdings.map(({ role }) => role) ?? null;
    expect(await holds()).toEqual(["ci"]);
    const { db } = bench.database;
    await sql`insert into role_assignments (id, token, role, added_by) values ('rforged', ${id}, 'administrator', 'operator')`.execute(
      db,
    );
    expect(await holds()).toEqual(["ci"]);
    await sql`update api_tokens set role = 'administrator' where id = ${id}`.execute(db);
    expect(await holds()).toBeNull();
  });

  it("moves no traffic: the gate looks whether one is there", async () => {
    const { db } = bench.database;
    const paul = await enrolApprover(plane, "paul@shop.example", ["sre"]);
    const view = await mine();
    await sql`insert into role_assignments (id, person, role, added_by) values ('rforged', ${paul.person}, 'administrator', 'operator')`.execute(
      db,
    );
    await plane.approvals.answer(view.id, await signedApproval(view, paul));
    const done = await ended(plane, view.asked.promotion);
    expect(done.state).toBe("failed");
    expect(done.message).toContain("role_assignments: the row role-assignment/rforged");
  });
});

it("does not carry on what was begun by somebody who is here no more, or whose role is gone", async () => {
  const granting = { ...operator, principal: bootstrap };
  const paul = await enrolApprover(plane, "paul@shop.example", ["sre"]);
  await enrolApprover(plane, jo.id, []);
  const role = await plane.access.assign(granting, {
    to: { person: jo.id },
    role: "sre",
    ...everywhere,
  });
  const view = await mine();
  await plane.access.unassign(granting, role.id);
  await plane.approvals.answer(view.id, await signedApproval(view, paul));
  const done = await ended(plane, view.asked.promotion);
  expect(done.state).toBe("failed");
  expect(done.message).toContain("whoever began this promotion may do so no more");
  await plane.people.setStanding(operator, jo.id, { state: "left", from: null, reason: "gone" });
  const { id } = await plane.promote(jo, dev);
  expect((await ended(plane, id)).message).toContain("this person has left");
});
