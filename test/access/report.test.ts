import { sql } from "kysely";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { AccessReport } from "../../src/api/routes-access.ts";
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
