import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSession, type SignInProof } from "../../src/engine/access/sign-in/sessions.ts";
import type { SignInMethod } from "../../src/model/principal.ts";
import { personByName } from "../../src/store/queries/people.ts";
import { AccessLab } from "../support/access-lab.ts";

let lab: AccessLab;
const maria = "maria@shop.example";
beforeAll(async () => {
  lab = await AccessLab.create();
  await lab.server();
  await lab.person(maria, ["developer", "shop", null]);
}, 60_000);
afterAll(() => lab.close());

const db = () => lab.bench.database.db;

async function open(
  methods: readonly SignInMethod[] = ["password", "totp"],
  more: Partial<SignInProof> = {},
) {
  const person = (await personByName(db(), maria))?.pseudonym ?? "";
  return db()
    .transaction()
    .execute((tx) =>
      openSession(
        lab.worker.engine,
        tx,
        { person, methods, ...more },
        { place: "127.0.0.0/24", program: "Firefox" },
      ),
    );
}

const own = { origin: "http://localhost", "x-tidelock": "1", "sec-fetch-site": "same-origin" };

/** Asks as a browser does. */
const ask = (
  secret: string,
  method: "GET" | "DELETE" | "POST",
  url: string,
  headers: Record<string, string> = own,
  server = 0,
) =>
  lab.ask(null, method, url, method === "POST" ? {} : undefined, {
    server,
    headers: { cookie: `tidelock=${secret}`, ...headers },
  });
const show = (secret: string, server = 0) => ask(secret, "GET", "/api/v1/session", own, server);

describe("a session", () => {
  it("is its person, with the person's roles and how they signed in", async () => {
    const { id, secret } = await open(["oidc"], { issuer: "https://login.example" });
    const { body } = await show(secret);
    expect(body).toMatchObject({
      kind: "session",
      id: maria,
      recent: false,
      session: { id, methods: ["oidc"], issuer: "https://login.example", current: true },
    });
    const who = await ask(secret, "GET", "/api/v1/access/me");
    expect(who.body["permissions"]).toContain("release.create");
    expect(who.body["permissions"]).not.toContain("secret.write");
  });

  it("is refused in every process on the next request after it has ended in one", async () => {
    const [one, other] = [await open(), await open()];
    for (const server of [0, 1]) expect((await show(one.secret, server)).status).toBe(200);
    const ended = await ask(one.secret, "DELETE", "/api/v1/session");
    expect(ended.body).toEqual({ ended: 1, goOn: null });
    for (const server of [1, 0]) expect((await show(one.secret, server)).status).toBe(401);
    for (const server of [1, 0]) expect((await show(other.secret, server)).status).toBe(200);
    expect((await ask(other.secret, "DELETE", "/api/v1/sessions")).status).toBe(200);
    for (const server of [1, 0]) expect((await show(other.secret, server)).status).toBe(401);
  });

  it("ends after its idle time and on its day by the database's clock, whatever was remembered", async () => {
    for (const column of ["idle_until", "expires_at"]) {
      const { id, secret } = await open();
      for (const server of [0, 1]) expect((await show(secret, server)).status).toBe(200);
      await sql`update sessions set ${sql.ref(column)} = now() - interval '1 ms' where id = ${id}`.execute(
        db(),
      );
      for (const server of [0, 1]) expect((await show(secret, server)).status).toBe(401);
    }
  });

  it("lives on while somebody is there, and not by what a page asks by itself", async () => {
    const later = async (id: string) => {
      const row = await db()
        .selectFrom("sessions")
        .select(["idle_until", "created_at"])
        .where("id", "=", id)
        .executeTakeFirstOrThrow();
      return row.idle_until.getTime() - row.created_at.getTime() - 1_800_000;
    };
    const quiet = await open();
    await ask(quiet.secret, "GET", "/api/v1/session", { ...own, "x-tidelock": "background" });
    const used = await open();
    await show(used.secret);
    await expect.poll(() => later(used.id)).toBeGreaterThan(0);
    expect(await later(quiet.id)).toBe(0);
  });

  it("that nobody signed in for is none, though a row says so", async () => {
    const { id, secret } = await open();
    expect((await show(secret)).status).toBe(200);
    const mallory = await lab.person("mallory@shop.example", ["administrator", null, null]);
    expect(mallory).not.toBe("");
    const other = (await personByName(db(), "mallory@shop.example"))?.pseudonym ?? "";
    await sql`update sessions set person = ${other} where id = ${id}`.execute(db());
    for (const server of [0, 1]) expect((await show(secret, server)).status).toBe(401);
  });

  it("is taken only in the way that it was given", async () => {
    const cookie = await open();
    const bearer = await open(["passkey"], { carried: "bearer" });
    const me = (token: string) => lab.ask(token, "GET", "/api/v1/session");
    expect((await me(bearer.secret)).body).toMatchObject({ kind: "session", recent: true });
    expect((await me(cookie.secret)).status).toBe(401);
    expect((await show(bearer.secret)).status).toBe(401);
    // A cookie counts nothing beside a header, be it a wrong one.
    const both = { ...own, authorization: "Bearer nonsense" };
    expect((await ask(cookie.secret, "GET", "/api/v1/session", both)).status).toBe(401);
    // Twice the same name: one of them is somebody else's.
    const twice = { ...own, cookie: `tidelock=${cookie.secret}; tidelock=${cookie.secret}` };
    expect((await ask(cookie.secret, "GET", "/api/v1/session", twice)).status).toBe(401);
  });

  it("is recent for ten minutes, and only with more than a password", async () => {
    const recent = async (secret: string) => (await show(secret)).body["recent"];
    expect(await recent((await open(["password"])).secret)).toBe(false);
    const { id, secret } = await open(["password", "totp"]);
    expect(await recent(secret)).toBe(true);
    expect(id).toMatch(/^s[0-9a-f]{12}$/);
  });
});

describe("another site", () => {
  it("changes nothing with somebody's cookie, however it asks", async () => {
    const { secret } = await open();
    const without = (name: string) =>
      Object.fromEntries(Object.entries(own).filter(([key]) => key !== name));
    for (const headers of [
      {},
      without("x-tidelock"),
      without("origin"),
      { ...own, origin: "https://evil.example" },
      { ...own, origin: "http://localhost:9999" },
      { ...own, origin: "https://localhost" },
      { ...own, origin: "null" },
      { ...own, "sec-fetch-site": "same-site" },
      { ...own, "sec-fetch-site": "cross-site" },
    ]) {
      const { status } = await ask(secret, "DELETE", "/api/v1/session", headers);
      expect([headers, status]).toEqual([headers, 403]);
    }
    expect((await show(secret)).status).toBe(200);
    const reading = { "sec-fetch-site": "same-site" };
    expect((await ask(secret, "GET", "/api/v1/session", reading)).status).toBe(403);
  });
});

describe("somebody else's sessions", () => {
  it("are seen and ended by an administrator, and are nothing to others", async () => {
    const { id, secret } = await open();
    const list = await lab.ask(lab.bootstrap, "GET", `/api/v1/accounts/${maria}/sessions`);
    expect(list.text).toContain(id);
    expect(list.text).not.toContain(secret.slice(20, 40));
    const eve = await lab.person("eve@shop.example");
    expect((await lab.ask(eve, "DELETE", `/api/v1/sessions/${id}`)).status).toBe(404);
    expect((await lab.ask(eve, "GET", "/api/v1/sessions")).body).toEqual({ items: [] });
    const end = await lab.ask(lab.bootstrap, "DELETE", `/api/v1/accounts/${maria}/sessions/${id}`);
    expect(end.body).toEqual({ ended: 1 });
    expect((await show(secret)).status).toBe(401);
  });
});
