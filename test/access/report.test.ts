import { sql } from "kysely";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { AccessReport } from "../../src/api/routes/access.ts";
import { AccessLab } from "../support/access-lab.ts";

let lab: AccessLab;
beforeAll(async () => {
  lab = await AccessLab.create();
}, 60_000);
afterAll(() => lab.close());

const report = async () => {
  const { body } = await lab.ask(lab.bootstrap, "GET", "/api/v1/access/report");
  return (body as unknown as AccessReport).lines;
};

it("says who can do what, by which role or token, and who gave it", async () => {
  await lab.person("maria@shop.example", ["developer", "shop", null]);
  const { id } = await lab.token("ci", "shop");
  const lines = await report();
  expect(lines[0]).toMatchObject({ who: "operator", kind: "bootstrap", has: "administrator" });
  expect(lines.filter(({ who }) => who === "maria@shop.example")).toMatchObject([
    { kind: "person", has: "developer", service: "shop", givenBy: "operator" },
    { kind: "token", has: "what its person may", givenBy: "operator" },
  ]);
  const ci = lines.find(({ by }) => by === id);
  expect(ci).toMatchObject({ kind: "token", has: "ci", service: "shop", environment: null });
  expect(ci?.permissions).toContain("release.create");
  expect(ci?.permissions).not.toContain("promotion.start");
});

it("names what nobody uses, what many share, and what may nothing any more", async () => {
  const { db } = lab.bench.database;
  const idle = await lab.token("auditor");
  await sql`update api_tokens set added_at = now() - interval '40 days' where id = ${idle.id}`.execute(
    db,
  );
  const shared = await lab.token("auditor");
  for (const place of ["10.0.0.0/24 curl", "10.0.1.0/24 curl", "10.0.2.0/24 curl"]) {
    await sql`insert into token_uses (token, place, last_at) values (${shared.id}, ${place}, now())`.execute(
      db,
    );
  }
  await lab.person("nora@shop.example");
  const notes = new Map((await report()).map(({ by, who, notes }) => [by ?? who, notes]));
  expect(notes.get(idle.id)).toEqual(["never used in 40 days"]);
  expect(notes.get(shared.id)).toEqual(["shared: used from 3 networks or programs"]);
  const nora = (await report()).find(({ who }) => who === "nora@shop.example");
  expect(nora?.notes).toEqual(["may nothing: its role holds nothing, or its person has none"]);
});

it("leaves out what was revoked", async () => {
  const { id } = await lab.token("ci");
  await lab.ask(lab.bootstrap, "DELETE", `/api/v1/tokens/${id}`);
  expect((await report()).map(({ by }) => by)).not.toContain(id);
});

it("marks whoever is locked out, and says that a lock ends no key; an account list names who is away", async () => {
  const name = "lou@shop.example";
  await lab.person(name, ["developer", "shop", null]);
  const right = { name, right: "checks.answer:qa", service: null, environment: null };
  await lab.ask(lab.bootstrap, "POST", "/api/v1/grants", right);
  const lock = (locked: boolean) =>
    lab.ask(lab.bootstrap, "PUT", `/api/v1/accounts/${name}/lock`, { locked });
  const lines = async () => (await report()).filter(({ who }) => who === name);
  const stateOf = async () => {
    const { body } = await lab.ask(lab.bootstrap, "GET", "/api/v1/accounts");
    const { items } = body as unknown as { items: { name: string; state: string }[] };
    return items.find((one) => one.name === name)?.state;
  };
  expect((await lines()).flatMap(({ notes }) => notes).join()).not.toContain("locked");
  expect((await lock(true)).status).toBe(200);
  const locked = await lines();
  expect(locked.find(({ has }) => has === "developer")?.notes).toContain(
    "locked out: nobody gets in by it until the account is unlocked",
  );
  expect(locked.find(({ has }) => has === "right checks.answer:qa")?.notes).toEqual([
    "locked out; what their key signs counts all the same: tidelock person suspend ends that",
  ]);
  expect(await stateOf()).toBe("locked");
  const standing = (state: string) =>
    lab.ask(lab.bootstrap, "POST", `/api/v1/people/${name}/standing`, { state, from: null, reason: "away" }); // prettier-ignore
  expect((await standing("suspended")).status).toBe(200);
  expect(await stateOf()).toBe("suspended");
  await standing("active");
  await lock(false);
  expect(await stateOf()).toBe("enrolled");
  await standing("left");
  expect(await stateOf()).toBe("left");
});

it("says of a role of today that it was not used yet, and of no month that nobody has seen", async () => {
  const ada = { name: "ada@shop.example", also: ["ada@home.example"] };
  await lab.ask(lab.bootstrap, "POST", "/api/v1/people", ada);
  await lab.ask(lab.bootstrap, "POST", "/api/v1/role-assignments", {
    role: "auditor",
    to: { person: "ada@shop.example" },
    service: null,
    environment: null,
  });
  expect((await report()).find(({ who }) => who === "ada@shop.example")?.notes).toEqual([
    "not used yet: this person has no token that counts, and has not signed in",
  ]);
});
