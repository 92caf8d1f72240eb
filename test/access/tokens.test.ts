import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tokenDigest, isToken, tokenPattern } from "../../src/model/token.ts";
import { AccessLab } from "../support/access-lab.ts";

let lab: AccessLab;
beforeAll(async () => {
  lab = await AccessLab.create();
  await lab.server();
}, 60_000);
afterAll(() => lab.close());

const create = (by: string, wish: object) =>
  lab.ask(by, "POST", "/api/v1/tokens", {
    name: "made",
    service: null,
    environment: null,
    lastsMs: 3_600_000,
    ...wish,
  });
const whoami = (token: string, server = 0) =>
  lab.ask(token, "GET", "/api/v1/access/me", undefined, { server });
const code = ({ body }: { body: Record<string, unknown> }) =>
  (body["error"] as { code?: string } | undefined)?.code;

describe("a token", () => {
  it("is shown once, and kept as nothing that it could be made from", async () => {
    const { token, id } = await lab.token("developer", "shop");
    expect(token).toMatch(tokenPattern);
    expect(isToken(token)).toBe(true);
    const { rows } = await sql<{ dump: string }>`
      select string_agg(t::text, ' ') || (select string_agg(e::text, ' ') from ledger_entries e) as dump
      from api_tokens t
    `.execute(lab.bench.database.db);
    expect(rows[0]?.dump).toContain(tokenDigest(token));
    expect(rows[0]?.dump).not.toContain(token.slice(9, 40));
    const list = await lab.ask(lab.bootstrap, "GET", "/api/v1/tokens");
    expect(list.text).toContain(id);
    expect(list.text).not.toContain(token.slice(9, 40));
  });

  it("is refused by every server on the next request after one has revoked it", async () => {
    const { token, id } = await lab.token("auditor");
    expect((await whoami(token, 0)).status).toBe(200);
    expect((await whoami(token, 1)).status).toBe(200);
    expect((await lab.ask(lab.bootstrap, "DELETE", `/api/v1/tokens/${id}`)).status).toBe(200);
    expect((await whoami(token, 1)).status).toBe(401);
    expect((await whoami(token, 0)).status).toBe(401);
    const again = await lab.ask(lab.bootstrap, "DELETE", `/api/v1/tokens/${id}`);
    expect(again.body).toMatchObject({ state: "revoked" });
  });

  it("ends by the database's clock", async () => {
    const { token, id } = await lab.token("auditor");
    const expire = sql`update api_tokens set expires_at = now() - interval '1 ms' where id = ${id}`;
    expect((await whoami(token)).status).toBe(200);
    await expire.execute(lab.bench.database.db);
    expect((await whoami(token)).status).toBe(401);
  });

  it("is not asked for in the database when it is misspelt, a prefix or somebody else's kind", async () => {
    const { token } = await lab.token("auditor");
    for (const wrong of [token.slice(0, -1), `${token}0`, token.toUpperCase(), "x".repeat(400)]) {
      expect((await whoami(wrong)).status).toBe(401);
    }
  });

  it("of a machine appears in records as itself, and holds no words of people", async () => {
    const { token, id } = await lab.token("administrator");
    const { body } = await whoami(token);
    expect(body["id"]).toBe(`token:${id}/for-administrator`);
    const permissions = body["permissions"] as string[];
    expect(permissions).toContain("promotion.start");
    for (const one of ["approval.sign", "waiver.sign", "governance.set", "policy.sign"]) {
      expect(permissions).not.toContain(one);
    }
  });

  it("of a person may what its person may, and narrower when it says so", async () => {
    const wide = await lab.person("maria@shop.example", ["developer", "shop", null]);
    expect((await whoami(wide)).body).toMatchObject({
      id: "maria@shop.example",
      roles: [{ role: "developer", service: "shop", environment: null }],
      within: null,
    });
    const narrow = await create(wide, {
      person: "maria@shop.example",
      role: "ci",
      service: "shop",
    });
    // A developer creates no tokens over the route for machines.
    expect(narrow.status).toBe(403);
    const made = await create(lab.bootstrap, { person: "maria@shop.example", role: "auditor" });
    const { body } = await whoami(String(made.body["token"]));
    expect(body["permissions"]).toContain("release.read");
    expect(body["permissions"]).not.toContain("release.create");
    expect(body["permissions"]).not.toContain("audit.read");
  });

  it("loses with its person's role what the role held, on the next request", async () => {
    const token = await lab.person("joe@shop.example", ["sre", null, null]);
    expect((await lab.ask(token, "GET", "/api/v1/secrets/shop/dev")).status).not.toBe(403);
    const given = await lab.ask(lab.bootstrap, "GET", "/api/v1/role-assignments");
    const mine = (given.body["items"] as { id: string; to: { name: string } }[]).find(
      ({ to }) => to.name === "joe@shop.example",
    );
    await lab.ask(lab.bootstrap, "DELETE", `/api/v1/role-assignments/${mine?.id ?? ""}`);
    expect((await lab.ask(token, "GET", "/api/v1/secrets/shop/dev")).status).toBe(403);
  });

  it("is remembered to have been used, by the hour and roughly from where", async () => {
    const { token, id } = await lab.token("auditor");
    const ask = (agent: string) =>
      lab.ask(token, "GET", "/api/v1/access/me", undefined, { headers: { "user-agent": agent } });
    await ask("curl/8.1 (secret-host)");
    await ask("tidelock/1.0");
    const used = async () => {
      const { body } = await lab.ask(lab.bootstrap, "GET", "/api/v1/tokens");
      return (body["items"] as { id: string; places: number; lastUsedAt: string | null }[]).find(
        (one) => one.id === id,
      );
    };
    await expect.poll(async () => (await used())?.places).toBe(2);
    expect((await used())?.lastUsedAt).toMatch(/:00:00\.000Z$/);
  });
});

describe("who gives", () => {
  it("gives no more than they have, nowhere else, and in no wider scope", async () => {
    await lab.ask(lab.bootstrap, "PUT", "/api/v1/roles/team-lead", {
      says: "gives tokens and roles of a developer",
      permissions: ["server.read", "token.create", "role.assign", "release.create", "release.read"],
    });
    const { token } = await lab.token("team-lead", "shop");
    await lab.ask(lab.bootstrap, "PUT", "/api/v1/roles/builder", {
      says: "hands in releases",
      permissions: ["release.create"],
    });
    const ok = await create(token, { role: "builder", service: "shop" });
    expect([ok.status, ok.body["token"] !== undefined]).toEqual([200, true]);
    for (const wish of [
      { role: "developer", service: "shop" },
      { role: "administrator", service: "shop" },
      { role: "builder", service: "pay" },
      { role: "builder" },
    ]) {
      expect([wish, code(await create(token, wish))]).toEqual([wish, "forbidden"]);
    }
    const assign = (role: string, service: string | null) =>
      lab.ask(token, "POST", "/api/v1/role-assignments", {
        to: { token: String(ok.body["id"]) },
        role,
        service,
        environment: null,
      });
    expect((await assign("builder", "shop")).status).toBe(200);
    expect((await assign("sre", "shop")).status).toBe(403);
    expect((await assign("builder", "pay")).status).toBe(403);
    expect((await assign("builder", null)).status).toBe(403);
  });

  it("cannot define a role beyond themselves, nor bend one that comes along", async () => {
    await lab.ask(lab.bootstrap, "PUT", "/api/v1/roles/role-keeper", {
      says: "defines roles",
      permissions: ["role.define", "release.read"],
    });
    const { token } = await lab.token("role-keeper");
    const define = (by: string, role: string, permissions: string[]) =>
      lab.ask(by, "PUT", `/api/v1/roles/${role}`, { says: "x", permissions });
    expect((await define(token, "reader", ["release.read"])).status).toBe(200);
    expect((await define(token, "role-keeper", ["secret.write"])).status).toBe(403);
    expect((await define(lab.bootstrap, "ci", ["promotion.start"])).status).toBe(409);
    expect((await define(lab.bootstrap, "odd", ["no.such"])).status).toBe(400);
  });

  it("makes no token in the name of somebody else", async () => {
    await lab.person("eve@shop.example", ["administrator", null, null]);
    const eve = await lab.person("eva@shop.example", ["administrator", null, null]);
    const mine = await create(eve, { person: "eva@shop.example" });
    expect(mine.status).toBe(200);
    expect(code(await create(eve, { person: "eve@shop.example" }))).toBe("forbidden");
    expect(code(await create(eve, { person: "operator" }))).toBe("not-found");
    const narrow = await create(eve, { person: "eva@shop.example", service: "shop" });
    const wider = await create(String(narrow.body["token"]), { person: "eva@shop.example" });
    expect(wider.status).toBe(403);
  });

  it("proposes in team mode what two people have to sign, and nothing counts before", async () => {
    const { controlPlane } = lab.worker;
    const { generateKeyPairSync } = await import("node:crypto");
    const operator = { id: "operator" };
    for (const name of ["ann@shop.example", "bob@shop.example"]) {
      const { publicKey } = generateKeyPairSync("ed25519");
      const key = String(publicKey.export({ type: "spki", format: "pem" }));
      await controlPlane.people.add(operator, { name, key, also: [] });
      const right = { name, right: "policy.change", service: null, environment: null };
      await controlPlane.people.grant(operator, right);
    }
    await controlPlane.policy.setGovernance(operator, "team");
    const before = (await lab.ask(lab.bootstrap, "GET", "/api/v1/role-assignments")).body["items"];
    const given = await lab.ask(lab.bootstrap, "POST", "/api/v1/role-assignments", {
      to: { person: "ann@shop.example" },
      role: "administrator",
      service: null,
      environment: null,
    });
    expect(given.body["waitsFor"]).toMatch(/^a/);
    const after = (await lab.ask(lab.bootstrap, "GET", "/api/v1/role-assignments")).body["items"];
    expect(after).toEqual(before);
    const defined = await lab.ask(lab.bootstrap, "PUT", "/api/v1/roles/builder", {
      says: "more",
      permissions: ["release.create", "secret.write"],
    });
    expect(defined.body["waitsFor"]).toMatch(/^a/);
    expect(code(await create(lab.bootstrap, { person: "ann@shop.example" }))).toBe("forbidden");
  });
});
