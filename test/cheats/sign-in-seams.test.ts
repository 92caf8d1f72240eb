import { generateKeyPairSync } from "node:crypto";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSession } from "../../src/engine/access/sign-in/sessions.ts";
import type { SignInMethod } from "../../src/model/principal.ts";
import { makeSessionToken, tokenDigest } from "../../src/model/token.ts";
import { personByName } from "../../src/store/queries/people.ts";
import type { SessionRow } from "../../src/store/schema-accounts.ts";
import { AccessLab, type Answer } from "../support/access-lab.ts";
import { Browser } from "../support/browser.ts";
import { operator } from "../support/engine-bench.ts";

/** Where one way to sign in meets another. */

let lab: AccessLab;
let max: Browser;
const admin = "max@shop.example";
const password = "seven grey herons fishing";

beforeAll(async () => {
  lab = await AccessLab.create();
  await lab.server();
  max = new Browser(lab);
  const secret = (await lab.worker.controlPlane.accounts.firstLink()) ?? "";
  expect((await max.welcome(secret, password, { name: admin })).status).toBe(200);
}, 60_000);
afterAll(() => lab.close());

const db = () => lab.bench.database.db;
const code = ({ body }: Answer) => (body["error"] as { code?: string } | undefined)?.code;
const pseudonym = async (name = admin) => (await personByName(db(), name))?.pseudonym ?? "";

async function begin(): Promise<{ secret: string; code: string }> {
  const { body } = await lab.ask(null, "POST", "/api/v1/logins");
  return body as { secret: string; code: string };
}
const poll = (secret: string, server = 0) =>
  lab.ask(null, "POST", "/api/v1/logins/poll", { secret }, { server });

/** A browser in which somebody is signed in. */
async function signedIn(
  methods: readonly SignInMethod[] = ["password", "totp"],
): Promise<{ readonly browser: Browser; readonly id: string }> {
  const person = await pseudonym();
  const { id, secret } = await db()
    .transaction()
    .execute((tx) =>
      openSession(lab.worker.engine, tx, { person, methods }, { place: "", program: "Firefox" }),
    );
  const browser = new Browser(lab);
  browser.setCookie("tidelock", secret);
  return { browser, id };
}

describe("a program that was let in, and has not come yet", () => {
  it("comes in no more once whoever let it in has signed out everywhere", async () => {
    const { browser } = await signedIn();
    const login = await begin();
    expect((await browser.ask("PUT", `/api/v1/logins/${login.code}`, { yes: true })).status).toBe(200); // prettier-ignore
    const elsewhere = await signedIn();
    expect((await elsewhere.browser.ask("DELETE", "/api/v1/sessions")).status).toBe(200);
    for (const server of [0, 1]) expect(code(await poll(login.secret, server))).toBe("not-found");
  });

  it("is let in by nobody's row in the database", async () => {
    const { browser, id } = await signedIn();
    const mine = await begin();
    await sql`
      update login_requests set person = ${await pseudonym()}, methods = array['passkey'], session = ${id}
      where code = ${mine.code}
    `.execute(db());
    expect(code(await poll(mine.secret))).toBe("not-found");
    // Nor by somebody's yes to another program, or another person's name in it.
    const other = await begin();
    const third = await begin();
    expect((await browser.ask("PUT", `/api/v1/logins/${other.code}`, { yes: true })).status).toBe(200); // prettier-ignore
    await sql`
      update login_requests t set person = o.person, methods = o.methods, issuer = o.issuer, session = o.session, seal = o.seal
      from login_requests o where o.code = ${other.code} and t.code = ${third.code}
    `.execute(db());
    expect(code(await poll(third.secret))).toBe("not-found");
    expect((await poll(other.secret)).status).toBe(200);
  });
});

describe("a link that nobody made", () => {
  it("makes nobody an administrator, and resets nobody", async () => {
    for (const [purpose, person] of [
      ["first", null],
      ["reset", await pseudonym()],
    ] as const) {
      const secret = makeSessionToken();
      await sql`
        insert into account_links (id, digest, purpose, person, added_by)
        values (${`l${purpose}`}, ${tokenDigest(secret)}, ${purpose}, ${person}, 'operator')
      `.execute(db());
      const answer = await new Browser(lab).welcome(secret, "a quiet harbour at dawn", {
        name: "eve@shop.example",
        app: false,
      });
      expect([purpose, code(answer)]).toEqual([purpose, "denied"]);
      await sql`delete from account_links where digest = ${tokenDigest(secret)}`.execute(db());
    }
    expect((await max.ask("GET", "/api/v1/session")).status).toBe(401);
  });
});

describe("a link that its maker has kept", () => {
  const permissions = ["account.write", "person.read", "server.read"];
  const link = async (by: Browser, name: string) =>
    String((await by.ask("POST", "/api/v1/accounts/links", { name, purpose: "invite" })).body["secret"]); // prettier-ignore
  const give = (name: string, role: string) =>
    max.ask("POST", "/api/v1/role-assignments", {
      to: { person: name },
      role,
      service: null,
      environment: null,
    });
  const use = (secret: string) =>
    new Browser(lab).welcome(secret, "a quiet harbour at dawn", { app: false });

  it("opens nothing that the person was given since and the maker has not, and nothing once the maker is gone", async () => {
    max = (await signedIn()).browser;
    const helper = "helper@shop.example";
    const defined = await max.ask("PUT", "/api/v1/roles/helper", { says: "invites", permissions });
    expect(defined.status).toBe(200);
    const first = await link(max, helper);
    const browser = new Browser(lab);
    expect((await browser.welcome(first, "nine oars in the water")).status).toBe(200);
    expect((await give(helper, "helper")).status).toBe(200);
    const [more, same, late] = ["ben@shop.example", "eva@shop.example", "ida@shop.example"];
    const [toMore, toSame, toLate] = [
      await link(browser, more),
      await link(browser, same),
      await link(browser, late),
    ];
    expect((await give(more, "administrator")).status).toBe(200);
    expect((await give(same, "helper")).status).toBe(200);
    expect(code(await use(toMore))).toBe("not-found");
    expect((await use(toSame)).status).toBe(200);
    const gone = { state: "suspended", from: null, reason: "left in anger" };
    expect((await max.ask("POST", `/api/v1/people/${helper}/standing`, gone)).status).toBe(200);
    expect(code(await use(toLate))).toBe("not-found");
    // Who is to be back on a day would be back at once.
    const back = { state: "active", from: "2099-01-01T00:00:00.000Z", reason: "some day" };
    const early = await max.ask("POST", `/api/v1/people/${helper}/standing`, back);
    expect([code(early), early.text.includes("from now on")]).toEqual(["invalid-input", true]);
    // Suspended, the right password begins nothing.
    const again = await new Browser(lab).signIn(helper, "nine oars in the water", browser.recoveryCodes[0]); // prettier-ignore
    expect([code(again), again.text.includes("suspended")]).toEqual(["forbidden", true]);
  });
});

describe("a browser that somebody has left open", () => {
  it("gives no token, no key and no identity away without a new sign-in", async () => {
    // A provider's word that is not fresh: all of somebody's roles, and no recent sign-in.
    const { browser } = await signedIn(["oidc"]);
    expect((await browser.ask("GET", "/api/v1/session")).body).toMatchObject({ recent: false });
    const forever = { service: null, environment: null, lastsMs: 366 * 86_400_000 };
    const answers = [
      await browser.ask("POST", "/api/v1/tokens", { name: "mine", person: admin, ...forever }),
      await browser.ask("POST", "/api/v1/tokens", {
        name: "ci",
        role: "administrator",
        ...forever,
      }),
      await browser.ask("POST", "/api/v1/people", { name: admin, key: "whatever", also: [] }),
    ];
    expect(answers.map(code)).toEqual(answers.map(() => "sign-in-again"));
  });
});

describe("a session that is about to end", () => {
  it("is prolonged by no other password, no other app and no terminal: they prove nothing anew", async () => {
    const name = "lou@shop.example";
    const begun = new Date(Date.now() - 9 * 60_000);
    const until = new Date(Date.now() + 5 * 60_000);
    const { person } = await lab.worker.controlPlane.people.add(operator, { name, also: [] });
    const { secret } = await db()
      .transaction()
      .execute((tx) =>
        openSession(
          lab.worker.engine,
          tx,
          { person, methods: ["oidc-factor"], from: { created_at: begun, expires_at: until } as SessionRow }, // prettier-ignore
          { place: "", program: "Firefox" },
        ),
      );
    const browser = new Browser(lab);
    browser.setCookie("tidelock", secret);
    const times = async () => {
      const { body } = await browser.ask("GET", "/api/v1/session");
      const { signedInAt, expiresAt } = body["session"] as Record<string, string>;
      return [signedInAt, expiresAt];
    };
    const before = [begun.toISOString(), until.toISOString()];
    expect(await times()).toEqual(before);
    const set = { current: "", next: "nine oars in the water" };
    expect((await browser.ask("PUT", "/api/v1/account/password", set)).status).toBe(200);
    expect(browser.cookie("tidelock")).not.toBe(secret);
    expect(await times()).toEqual(before);
    expect((await browser.setUpApp()).status).toBe(200);
    expect(await times()).toEqual(before);
    const login = await begin();
    expect((await browser.ask("PUT", `/api/v1/logins/${login.code}`, { yes: true })).status).toBe(200); // prettier-ignore
    expect((await poll(login.secret)).body).toMatchObject({ expiresAt: until.toISOString() });
  });

  it("is gone on from by nobody who has written a later end into its row", async () => {
    const { browser, id } = await signedIn();
    const { db: tables } = lab.bench.database;
    const login = await begin();
    expect((await browser.ask("PUT", `/api/v1/logins/${login.code}`, { yes: true })).status).toBe(200); // prettier-ignore
    await sql`update sessions set expires_at = expires_at + interval '1 year' where id = ${id}`.execute(tables); // prettier-ignore
    expect(code(await poll(login.secret))).toBe("not-found");
  });
});

describe("what one person alone decided, once two have to", () => {
  const jo = "jo@shop.example";
  let team: AccessLab;
  const alone = new Map<string, string>();

  beforeAll(async () => {
    team = await AccessLab.create();
    const { engine, controlPlane } = team.worker;
    for (const name of ["maria@shop.example", "kim@shop.example"]) {
      const { publicKey } = generateKeyPairSync("ed25519");
      const key = String(publicKey.export({ type: "spki", format: "pem" }));
      await controlPlane.people.add(operator, { name, key, also: [] });
      const right = { right: "policy.change", service: null, environment: null };
      await controlPlane.people.grant(operator, { name, ...right });
    }
    await team.person(jo);
    const made = await controlPlane.accounts.makeLink(operator, "invite", jo);
    alone.set("invite", made.secret);
    const person = (await personByName(team.bench.database.db, jo))?.pseudonym ?? "";
    const roles = [{ role: "sre", service: null, environment: null }];
    const provider = { provider: "company", acr: null, amr: [], roles };
    const { secret } = await team.bench.database.db
      .transaction()
      .execute((tx) =>
        openSession(
          engine,
          tx,
          { person, methods: ["oidc"], issuer: "https://login.example", provider },
          { place: "", program: "Firefox" },
        ),
      );
    alone.set("session", secret);
  }, 60_000);
  afterAll(() => team.close());

  it("gives nobody a role of a provider's groups, and lets nobody in by a link", async () => {
    const browser = new Browser(team);
    browser.setCookie("tidelock", alone.get("session") ?? "");
    const may = async () => (await browser.ask("GET", "/api/v1/access/me")).text;
    expect(await may()).toContain("promotion.start");
    await team.worker.controlPlane.policy.setGovernance(operator, "team");
    expect(await may()).not.toContain("promotion.start");
    expect((await browser.ask("GET", "/api/v1/session")).body).toMatchObject({ id: jo });
    const late = await new Browser(team).welcome(
      alone.get("invite") ?? "",
      "a quiet harbour at dawn",
      { app: false },
    );
    expect([code(late), late.text.includes("two have to sign")]).toEqual(["conflict", true]);
  });
});
