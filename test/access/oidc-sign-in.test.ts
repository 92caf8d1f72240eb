import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SignInLab } from "../support/sign-in-lab.ts";

let lab: SignInLab;
beforeAll(async () => {
  lab = await SignInLab.create({
    company: {
      groups: {
        roles: [
          { group: "payments-sre", role: "sre", service: "pay", environment: "production" },
          { group: "testers", role: "tester" },
        ],
      },
    },
    newcomers: { newPeople: { name: "email" } },
    strict: { demand: { amr: ["mfa"] } },
  });
  await lab.access.server();
  await lab.access.person("maria@shop.example", ["developer", "shop", null]);
}, 60_000);
afterAll(() => lab.close());

const link = (name: string, subject: string, provider = "company") =>
  lab.access.ask(lab.access.bootstrap, "POST", "/api/v1/people/identities", {
    name,
    provider,
    subject,
  });

describe("a person", () => {
  it("signs in at the provider as whom their identity there was linked to, at every server", async () => {
    const linked = await link("maria@shop.example", "u-7");
    expect([linked.status, linked.body["name"]]).toEqual([200, "maria@shop.example"]);
    lab.provider.signsIn = { sub: "u-7" };
    const browser = lab.browser();
    const done = await browser.signIn("company", "/promotions?service=shop");
    expect([done.status, done.location]).toEqual([303, "/promotions?service=shop"]);
    for (const server of [0, 1]) {
      expect((await browser.me(server)).body).toMatchObject({
        kind: "session",
        id: "maria@shop.example",
        roles: [{ role: "developer", service: "shop", environment: null }],
      });
    }
    const { text } = await browser.get("/api/v1/session", 0, { "sec-fetch-site": "same-origin" });
    expect(JSON.parse(text)).toMatchObject({
      session: { methods: ["oidc"], issuer: lab.provider.url },
    });
  });

  it("is nobody without a link, whatever address or name the provider says", async () => {
    lab.provider.signsIn = {
      sub: "u-999",
      email: "maria@shop.example",
      email_verified: true,
      preferred_username: "maria@shop.example",
    };
    const browser = lab.browser();
    const { status, text } = await browser.signIn();
    expect([status, browser.signedIn]).toEqual([401, false]);
    expect(text).toContain("u-999");
    // Also where newcomers become people: a name that is somebody's is not taken.
    const newcomer = await browser.signIn("newcomers");
    expect([newcomer.status, newcomer.text]).toEqual([
      401,
      expect.stringContaining("a name alone proves nothing"),
    ]);
  });

  it("becomes one at the first sign-in where a rule says so, with no roles, and the same one the next time", async () => {
    lab.provider.signsIn = { sub: "u-20", email: "nia@shop.example", email_verified: true };
    const browser = lab.browser();
    expect((await browser.signIn("newcomers")).status).toBe(303);
    expect(await browser.who()).toMatchObject({ kind: "session", id: "nia@shop.example" });
    expect((await browser.me()).body).toMatchObject({ permissions: [] });
    lab.provider.signsIn = { sub: "u-20", email: "other@shop.example", email_verified: true };
    const again = lab.browser();
    await again.signIn("newcomers");
    expect(await again.who()).toMatchObject({ id: "nia@shop.example" });
    // Who chooses their own name there becomes no program of ours, and nobody's double.
    for (const email of [
      "operator",
      "AUTO",
      "tidelock",
      "Maria@shop.example",
      "maria+2@shop.example",
    ]) {
      lab.provider.signsIn = { sub: `u-${email}`, email, email_verified: true };
      expect([email, (await lab.browser().signIn("newcomers")).status]).toEqual([email, 401]);
    }
    lab.provider.signsIn = { sub: "u-21", email: "unverified@shop.example", email_verified: false };
    expect((await lab.browser().signIn("newcomers")).status).toBe(401);
  });

  it("becomes nobody new by an identity that was theirs before, under whatever name", async () => {
    lab.provider.signsIn = { sub: "u-22", email: "lea@shop.example", email_verified: true };
    expect((await lab.browser().signIn("newcomers")).status).toBe(303);
    const { bootstrap } = lab.access;
    const listed = await lab.access.ask(bootstrap, "GET", "/api/v1/people/identities?name=lea%40shop.example"); // prettier-ignore
    const [{ id } = { id: "" }] = listed.body["items"] as { id: string }[];
    const gone = await lab.access.ask(bootstrap, "DELETE", `/api/v1/people/identities/${id}`);
    expect(gone.status).toBe(200);
    lab.provider.signsIn = { sub: "u-22", email: "puppet@shop.example", email_verified: true };
    const back = await lab.browser().signIn("newcomers");
    expect([back.status, back.text]).toEqual([401, expect.stringContaining("was linked to somebody here before")]); // prettier-ignore
    expect((await link("lea@shop.example", "u-22", "newcomers")).status).toBe(200);
    expect((await lab.browser().signIn("newcomers")).status).toBe(303);
  });

  it("has roles of their groups while signed in, as the provider says at each sign-in, and no longer", async () => {
    await link("maria@shop.example", "u-30");
    lab.provider.signsIn = { sub: "u-30", groups: ["payments-sre", "unknown"] };
    const first = lab.browser();
    await first.signIn();
    const roles = (body: Record<string, unknown>) =>
      (body["roles"] as { role: string }[]).map(({ role }) => role).sort();
    expect(roles((await first.me(1)).body)).toEqual(["developer", "sre"]);
    lab.provider.signsIn = { sub: "u-30", groups: "testers" };
    const second = lab.browser();
    await second.signIn();
    expect(roles((await second.me()).body)).toEqual(["developer", "tester"]);
    lab.provider.signsIn = { sub: "u-30" };
    const third = lab.browser();
    await third.signIn();
    expect(roles((await third.me()).body)).toEqual(["developer"]);
    // Groups that somebody writes into the row are no groups.
    await sql`update sessions set provider = jsonb_set(provider, '{roles}', '[{"role":"administrator"}]')`.execute(
      lab.access.bench.database.db,
    );
    expect((await third.me()).status).toBe(401);
  });

  it("is asked for as much as the provider was told to ask", async () => {
    await link("maria@shop.example", "u-40", "strict");
    lab.provider.signsIn = { sub: "u-40", amr: ["pwd"] };
    const weak = await lab.browser().signIn("strict");
    expect([weak.status, weak.text]).toEqual([
      401,
      expect.stringContaining("asked for what is wanted here"),
    ]);
    lab.provider.signsIn = { sub: "u-40", amr: ["pwd", "mfa"] };
    const browser = lab.browser();
    expect((await browser.signIn("strict")).status).toBe(303);
    const { rows } = await sql<{ provider: unknown }>`
      select provider from sessions where removed_at is null order by created_at desc limit 1
    `.execute(lab.access.bench.database.db);
    expect(rows[0]?.provider).toMatchObject({ provider: "strict", amr: ["pwd", "mfa"] });
  });

  it("is signed out, and in no more, when the identity is taken away", async () => {
    const linked = await link("maria@shop.example", "u-50");
    lab.provider.signsIn = { sub: "u-50" };
    const browser = lab.browser();
    await browser.signIn();
    expect((await browser.me(1)).status).toBe(200);
    const id = String(linked.body["id"]);
    const gone = await lab.access.ask(
      lab.access.bootstrap,
      "DELETE",
      `/api/v1/people/identities/${id}`,
    );
    expect(gone.status).toBe(200);
    expect((await browser.me(1)).status).toBe(401);
    expect((await lab.browser().signIn()).status).toBe(401);
  });
});

describe("linking", () => {
  it("is for whoever may do all that the person may, and an identity is one person's", async () => {
    await lab.access.person("ada@shop.example", ["administrator", null, null]);
    await lab.access.ask(lab.access.bootstrap, "PUT", "/api/v1/roles/accounts", {
      says: "keeps accounts",
      permissions: ["account.write", "person.read"],
    });
    const keeper = (await lab.access.token("accounts")).token;
    const wish = { name: "ada@shop.example", provider: "company", subject: "u-60" };
    const refused = await lab.access.ask(keeper, "POST", "/api/v1/people/identities", wish);
    expect(refused.status).toBe(403);
    expect((await link("ada@shop.example", "u-60")).status).toBe(200);
    expect((await link("maria@shop.example", "u-60")).status).toBe(409);
    expect((await link("nobody@shop.example", "u-61")).status).toBe(404);
    expect((await link("maria@shop.example", "u-61", "elsewhere")).status).toBe(404);
    const list = await lab.access.ask(
      lab.access.bootstrap,
      "GET",
      "/api/v1/people/identities?name=ada@shop.example",
    );
    expect(list.body["items"]).toHaveLength(1);
    // The provider's own name for somebody is kept as a digest alone.
    expect(list.text).not.toContain("u-60");
  });
});
