import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sql } from "kysely";
import { signOutAt } from "../support/identity-provider.ts";
import { TestIssuer } from "../support/issuer.ts";
import { signInMade } from "../support/made-sign-in.ts";
import { type Browser, SignInLab } from "../support/sign-in-lab.ts";

/** Signing out, here and at the provider. */

let lab: SignInLab;
let made: TestIssuer;
beforeAll(async () => {
  made = await TestIssuer.start();
  lab = await SignInLab.create(
    {
      company: { signOut: "there" },
      quiet: {},
      made: { issuer: made.url, demand: { amr: ["mfa"] } },
    },
    [made.url],
  );
  await lab.access.server();
  for (const [name, subject] of people) {
    await lab.access.person(name, ["developer", "shop", null]);
    for (const provider of ["company", "made"]) {
      await lab.access.ask(lab.access.bootstrap, "POST", "/api/v1/people/identities", {
        name,
        provider,
        subject,
      });
    }
  }
}, 60_000);
afterAll(async () => {
  await lab.close();
  await made.close();
});

const people = [
  ["maria@shop.example", "maria"],
  ["nia@shop.example", "nia"],
] as const;

async function signedIn(sub: string, provider = "company"): Promise<Browser> {
  lab.provider.signsIn = { sub };
  const browser = lab.browser();
  expect((await browser.signIn(provider)).status).toBe(303);
  return browser;
}

const ownPage = {
  origin: "http://localhost",
  "sec-fetch-site": "same-origin",
  "x-tidelock": "1",
};

async function signOut(browser: Browser): Promise<string | null> {
  const answer = await lab.access.apps[0]!.inject({
    method: "DELETE",
    url: "/api/v1/session",
    headers: {
      host: "localhost",
      cookie: browser.ours.header,
      ...ownPage,
    },
  });
  expect(answer.statusCode).toBe(200);
  return (answer.json() as { goOn: string | null }).goOn;
}

function tell(token: string, { provider = "company", server = 0, more = "" } = {}) {
  return lab.access.apps[server]!.inject({
    method: "POST",
    url: `/api/v1/sign-in/oidc/${provider}/logout`,
    headers: { host: "localhost", "content-type": "application/x-www-form-urlencoded" },
    payload: `logout_token=${token}${more}`,
  });
}

const open = async (browser: Browser) => [
  (await browser.me(0)).status,
  (await browser.me(1)).status,
];

describe("whoever signs out here", () => {
  it("goes on to the provider, which knows whom, and comes back signed out of both", async () => {
    const browser = await signedIn("maria");
    const { rows } = await sql<{ provider_hint: string }>`
      select provider_hint from sessions where removed_at is null`.execute(
      lab.access.bench.database.db,
    );
    // What the provider wants to see again is in nobody's hands who reads the database.
    expect(Buffer.from(rows[0]?.provider_hint ?? "", "base64").toString()).not.toContain("eyJ");
    const goOn = await signOut(browser);
    expect(await open(browser)).toEqual([401, 401]);
    const there = new URL(goOn ?? "");
    expect(there.origin).toBe(lab.provider.url);
    expect(there.searchParams.get("id_token_hint")).toMatch(/^eyJ/);
    expect(await signOutAt(there.href, browser.theirs)).toBe("http://localhost/");
    const kept = await sql`select 1 from sessions where provider_hint is not null`.execute(
      lab.access.bench.database.db,
    );
    expect(kept.rows).toEqual([]);
  });

  it("stays signed in there where that is not wanted, or where they signed in otherwise", async () => {
    lab.provider.signsIn = { sub: "maria" };
    const browser = lab.browser();
    await browser.signIn("quiet");
    expect(await signOut(browser)).toBeNull();
  });
});

describe("a sign-out at the provider", () => {
  it("ends that very session at the next request of every server, and no other one's", async () => {
    const [one, other, somebody] = [
      await signedIn("maria"),
      await signedIn("maria"),
      await signedIn("nia"),
    ];
    lab.provider.loggedOut.length = 0;
    await signOutAt(`${lab.provider.url}/session/end`, one.theirs);
    expect(lab.provider.loggedOut).toHaveLength(1);
    expect(await open(one)).toEqual([200, 200]);
    const [token = ""] = lab.provider.loggedOut;
    const told = await tell(token);
    expect([told.statusCode, told.headers["cache-control"], told.body]).toEqual([
      200,
      "no-store",
      "",
    ]);
    expect(await open(one)).toEqual([401, 401]);
    expect([await open(other), await open(somebody)]).toEqual([
      [200, 200],
      [200, 200],
    ]);
    const again = await tell(token, { server: 1 });
    expect([again.statusCode, again.body]).toEqual([
      400,
      expect.stringContaining("it was used before"),
    ]);
  });
});

const event = { "http://schemas.openid.net/event/backchannel-logout": {} };
const said = (claims: object = {}, header: Record<string, unknown> = { typ: "logout+jwt" }) =>
  made.sign({ aud: "tidelock", sub: "maria", events: event, ...claims }, { header });

/** A session as one that was begun at the provider whose keys the test has. */
const begun = (sub: string, sid: string | null, kid?: string): Promise<Browser> =>
  signInMade(lab, made, { sub, amr: ["mfa"], ...(sid === null ? {} : { sid }) }, kid);

describe("a logout token", () => {
  it("of a person alone ends every session that began there, of a session that one, of neither none", async () => {
    const [one, two, nia] = [await begun("maria", "s1"), await begun("maria", "s2"), await begun("nia", "s3")]; // prettier-ignore
    const elsewhere = await signedIn("maria");
    expect((await tell(await said({ sub: undefined, sid: "s1" }), made_)).statusCode).toBe(200);
    expect([(await open(one))[0], (await open(two))[0]]).toEqual([401, 200]);
    // Somebody else's session under a name that is not theirs stays.
    expect((await tell(await said({ sub: undefined, sid: "s9" }), made_)).statusCode).toBe(200);
    expect((await tell(await said({ sub: "nobody-here" }), made_)).statusCode).toBe(200);
    expect((await open(two))[0]).toBe(200);
    expect((await tell(await said(), made_)).statusCode).toBe(200);
    expect([await open(two), await open(nia), await open(elsewhere)]).toEqual([
      [401, 401],
      [200, 200],
      [200, 200],
    ]);
  });

  it("ends a terminal that was let in from there, too", async () => {
    const browser = await begun("maria", "s5");
    const { body: login } = await lab.access.ask(null, "POST", "/api/v1/logins", {});
    const yes = await lab.access.apps[0]!.inject({
      method: "PUT",
      url: `/api/v1/logins/${String(login["code"])}`,
      headers: { host: "localhost", cookie: browser.ours.header, ...ownPage },
      payload: { yes: true },
    });
    expect([yes.statusCode, yes.body]).toEqual([200, expect.anything()]);
    const { secret } = login;
    const { body } = await lab.access.ask(null, "POST", "/api/v1/logins/poll", { secret });
    const terminal = async () =>
      (await lab.access.ask(String(body["token"]), "GET", "/api/v1/access/me")).status;
    expect(await terminal()).toBe(200);
    await tell(await said({ sid: "s5" }), made_);
    expect(await terminal()).toBe(401);
  });

  it("with a session ends one that began before the provider told its own, too", async () => {
    const browser = await begun("maria", null);
    expect((await tell(await said({ sid: "s1" }), made_)).statusCode).toBe(200);
    expect((await open(browser))[0]).toBe(401);
  });

  it("is refused when it is anything else, and nobody is signed out by it", async () => {
    const browser = await begun("maria", "s4");
    await made.addKey("hidden", "RS256", false);
    const now = Math.floor(Date.now() / 1000);
    const tries: readonly [string, string][] = [
      ["no signed token", "hello"],
      ["another issuer's", await said({ iss: "https://evil.example" })],
      ["not for this client", await said({ aud: "other" })],
      ["tells of no logout", await said({ events: undefined })],
      ["tells of no logout", await said({ events: { "https://other.example": {} } })],
      [
        "tells of no logout",
        await said({ events: { ...event, [Object.keys(event)[0] ?? ""]: 1 } }),
      ],
      ["has a `nonce`", await said({ nonce: "n" })],
      ["has no `jti`", await said({ jti: undefined })],
      ["whose session has ended", await said({ sub: undefined })],
      ["whose session has ended", await said({ sid: 7 })],
      ["`typ` is not", await said({}, { typ: "at+jwt" })],
      ["when it was issued", await said({ iat: undefined })],
      ["until when it counts", await said({ exp: undefined })],
      ["has expired", await said({ iat: now - 600, nbf: now - 600, exp: now - 300 })],
      ["too old", await said({ iat: now - 3_600, nbf: now - 3_600 })],
      ["not valid yet", await said({ iat: now + 3_000, nbf: now + 3_000, exp: now + 4_000 })],
      ["no key of the provider's", await made.sign({ aud: "tidelock", sub: "maria", events: event }, { kid: "hidden" })], // prettier-ignore
      ["no key of the provider's", `${(await said()).slice(0, -6)}AAAAAA`],
    ];
    for (const [why, token] of tries) {
      const { statusCode, body } = await tell(token, made_);
      expect([why, statusCode, body]).toEqual([why, 400, expect.stringContaining(why)]);
    }
    // Two of them mean nothing, and an id token is none, although the provider signed it.
    const twice = await tell(await said(), { ...made_, more: `&logout_token=${await said()}` });
    expect(twice.statusCode).toBe(400);
    const idToken = await made.sign({ aud: "tidelock", sub: "maria" });
    expect((await tell(idToken, made_)).statusCode).toBe(400);
    expect((await tell(await said(), { provider: "company" })).statusCode).toBe(400);
    expect((await tell(await said(), { provider: "unknown" })).statusCode).toBe(404);
    expect((await open(browser))[0]).toBe(200);
  });

  it("of a stranger hardly asks the provider, and leaves nothing behind, however many come", async () => {
    const uses = async () => {
      const { rows } = await sql<{
        n: number;
      }>`select count(*)::int as n from workload_uses`.execute(lab.access.bench.database.db);
      return rows[0]?.n;
    };
    const [asked, before, since] = [made.requests.length, await uses(), performance.now()];
    const strangers = Array.from({ length: 40 }, (_, n) => said({}, { kid: `made-up-${n}` }));
    const told = await Promise.all(strangers.map(async (token) => tell(await token, made_)));
    expect(new Set(told.map(({ statusCode }) => statusCode))).toEqual(new Set([400]));
    // Two addresses each time, and that every two seconds at most.
    const times = 1 + Math.floor((performance.now() - since) / 2_000);
    expect(made.requests.length - asked).toBeLessThanOrEqual(2 * times);
    expect(await uses()).toBe(before);
  });

  it("by a key that the provider has since a moment ends it, too: it is sent once", async () => {
    const browser = await begun("maria", "s6");
    await tell(await said({ sid: "s9" }), made_);
    await made.addKey("rotated", "RS256");
    const claims = { aud: "tidelock", sub: "maria", sid: "s6", events: event };
    const status = (await tell(await made.sign(claims, { kid: "rotated" }), made_)).statusCode;
    expect([status, (await open(browser))[0]]).toEqual([200, 401]);
    // Whoever signs in right after that is signed by a key that nobody has asked for yet.
    await made.addKey("rotated again", "RS256");
    expect((await open(await begun("maria", "s7", "rotated again")))[0]).toBe(200);
  });

  it("is taken as a form at its own address alone, and not longer than a token is", async () => {
    const long = await tell("a".repeat(40_000), made_);
    expect(long.statusCode).toBe(413);
    const form = await lab.access.apps[0]!.inject({
      method: "POST",
      url: "/api/v1/sign-in",
      headers: { host: "localhost", "content-type": "application/x-www-form-urlencoded" },
      payload: "name=maria",
    });
    expect(form.statusCode).toBe(415);
  });
});

const made_ = { provider: "made" } as const;
