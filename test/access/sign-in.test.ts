import type { AccessReport } from "../../src/api/routes/access.ts";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { putAccount } from "../../src/store/queries/accounts.ts";
import { personByName } from "../../src/store/queries/people.ts";
import { AccessLab } from "../support/access-lab.ts";
import { Browser } from "../support/browser.ts";

let lab: AccessLab;
let max: Browser;
const admin = "max@shop.example";
const maxPassword = "seven grey herons fishing";
const jo = "jo@shop.example";
const joPassword = "a quiet harbour at dawn";

const code = ({ body }: { body: Record<string, unknown> }) =>
  (body["error"] as { code?: string } | undefined)?.code;
const first = () => lab.worker.controlPlane.accounts.firstLink();
const bootstrapWorks = async (server = 0) =>
  (await lab.ask(lab.bootstrap, "GET", "/api/v1/session", undefined, { server })).status === 200;

async function invite(name: string, purpose = "invite"): Promise<string> {
  const made = await max.ask("POST", "/api/v1/accounts/links", { name, purpose });
  expect([made.text, made.status]).toEqual([made.text, 200]);
  return String(made.body["secret"]);
}

beforeAll(async () => {
  lab = await AccessLab.create();
  await lab.server();
  max = new Browser(lab);
}, 60_000);
afterAll(() => lab.close());

describe("the first start", () => {
  it("has one link, the same at every server, which tells nobody anything without its secret", async () => {
    const secret = await first();
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(await first()).toBe(secret);
    const shown = await lab.ask(null, "POST", "/api/v1/welcome/show", { secret: "x".repeat(64) });
    expect(shown.status).toBe(404);
    const right = await lab.ask(null, "POST", "/api/v1/welcome/show", { secret: secret ?? "" });
    expect(right.body).toMatchObject({ purpose: "first", name: null, madeBy: "operator" });
  });

  it("refuses a bad password and leaves the link as it was", async () => {
    const secret = (await first()) ?? "";
    const bad = await max.welcome(secret, "max-shop-2026", { name: admin, app: false });
    expect([code(bad), bad.text.includes("max-shop")]).toEqual(["invalid-input", false]);
    const owner = await max.welcome(secret, maxPassword, { name: "operator", app: false });
    expect(code(owner)).toBe("conflict");
    expect(await first()).toBe(secret);
  });

  it("is used from this server's own page alone: no other site signs a browser in as somebody", async () => {
    const given = { secret: (await first()) ?? "", name: admin, password: maxPassword };
    for (const headers of [{}, { origin: "https://evil.example", "x-tidelock": "1" }]) {
      const options = { headers };
      expect((await lab.ask(null, "POST", "/api/v1/welcome", given, options)).status).toBe(403);
      const signIn = { name: admin, password: maxPassword, code: "" };
      expect((await lab.ask(null, "POST", "/api/v1/sign-in", signIn, options)).status).toBe(403);
    }
    const text = await lab.ask(null, "POST", "/api/v1/sign-in", Buffer.from("{}"), {
      headers: { "content-type": "text/plain", origin: "http://localhost", "x-tidelock": "1" },
    });
    expect(text.status).toBe(415);
  });

  it("makes an administrator who only reads before a second factor stands, and then ends the first token everywhere", async () => {
    for (const server of [0, 1]) expect(await bootstrapWorks(server)).toBe(true);
    const secret = (await first()) ?? "";
    const answer = await max.welcome(secret, maxPassword, { name: admin, app: false });
    expect(answer.status).toBe(200);
    const may = async () => (await max.ask("GET", "/api/v1/access/me")).body["permissions"];
    expect(await may()).toContain("audit.read");
    expect(await may()).not.toContain("account.write");
    for (const server of [1, 0]) expect(await bootstrapWorks(server)).toBe(true);
    const before = max.cookie();
    expect((await max.setUpApp()).status).toBe(200);
    expect(max.cookie()).not.toBe(before);
    expect(await may()).toContain("account.write");
    for (const server of [1, 0]) expect(await bootstrapWorks(server)).toBe(false);
    const { lines } = (await max.ask("GET", "/api/v1/access/report"))
      .body as unknown as AccessReport;
    expect(lines.map(({ kind }) => kind)).not.toContain("bootstrap");
    const own = lines.find(({ who, has }) => who === admin && has === "administrator");
    expect(own?.notes).toEqual(["administrator of everything"]);
    expect(own?.lastUsed).not.toBeNull();
    expect(await first()).toBeNull();
    const again = await new Browser(lab).welcome(secret, maxPassword, { name: "eve@shop.example" });
    expect(code(again)).toBe("not-found");
  });
});

describe("a link", () => {
  it("lets one of two in who come at the same time", async () => {
    const secret = await invite(jo);
    const [one, other] = [new Browser(lab), new Browser(lab)];
    const answers = await Promise.all([
      one.welcome(secret, joPassword, { app: false }),
      other.welcome(secret, "another long password", { app: false }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404]);
    // Whoever came second has changed nothing.
    const winner = answers[0]?.status === 200 ? joPassword : "another long password";
    expect((await new Browser(lab).signIn(jo, winner)).status).toBe(200);
    const reset = await invite(jo, "reset");
    expect((await one.welcome(reset, joPassword)).status).toBe(200);
  });

  it("ends on its day, and when another one is made", async () => {
    const old = await invite("kim@shop.example");
    const newer = await invite("kim@shop.example");
    expect(code(await new Browser(lab).welcome(old, joPassword))).toBe("not-found");
    await sql`update account_links set expires_at = now() - interval '1 s' where used_at is null and purpose = 'invite'`.execute(
      lab.bench.database.db,
    );
    expect(code(await new Browser(lab).welcome(newer, joPassword))).toBe("not-found");
  });

  it("is made by nobody for somebody who may more", async () => {
    await max.ask("PUT", "/api/v1/roles/helper", {
      says: "invites",
      permissions: ["account.write", "server.read"],
    });
    const token = await max.ask("POST", "/api/v1/tokens", {
      name: "helper",
      role: "helper",
      service: null,
      environment: null,
      lastsMs: 3_600_000,
    });
    const helper = String(token.body["token"]);
    const link = (name: string, purpose: string) =>
      lab.ask(helper, "POST", "/api/v1/accounts/links", { name, purpose });
    expect(code(await link(admin, "reset"))).toBe("forbidden");
    expect((await link("new@shop.example", "invite")).status).toBe(200);
    const lock = await lab.ask(helper, "PUT", `/api/v1/accounts/${admin}/lock`, { locked: true });
    expect(code(lock)).toBe("forbidden");
  });
});

describe("signing in", () => {
  const firefox = () => new Browser(lab);

  it("wants password and code, and answers one thing whatever is wrong", async () => {
    const browser = firefox();
    const answers = [
      await browser.signIn("nobody@shop.example", joPassword, "123456"),
      await browser.signIn(admin, "not the password at all", max.code()),
      await browser.signIn(admin, maxPassword, "000000"),
      await browser.signIn(admin, maxPassword, ""),
      await browser.signIn("operator", maxPassword, ""),
      await browser.signIn("tidelock", maxPassword, ""),
    ];
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[0]?.status).toBe(401);
    expect(browser.cookie()).toBeUndefined();
  });

  it("takes each code once, and each recovery code once", async () => {
    const { totp } = max;
    const browser = firefox();
    browser.totp = totp;
    // The clock goes on: the code of the step after the one that set it up.
    const next = max.code();
    const [one, other] = await Promise.all([
      browser.signIn(admin, maxPassword, next),
      firefox().signIn(admin, maxPassword, next),
    ]);
    expect([one.status, other.status].sort()).toEqual([200, 401]);
    expect((await firefox().signIn(admin, maxPassword, next)).status).toBe(401);
    const [recovery = ""] = max.recoveryCodes;
    expect((await firefox().signIn(admin, maxPassword, recovery.toUpperCase())).status).toBe(200);
    expect((await firefox().signIn(admin, maxPassword, recovery)).status).toBe(401);
  });

  it("gives a new session each time, whatever the browser came with", async () => {
    const browser = firefox();
    const planted = `tidelock_session_${"A".repeat(43)}00000000`;
    browser.setCookie("tidelock", planted);
    expect((await browser.signIn(admin, maxPassword, max.recoveryCodes[1])).status).toBe(200);
    const mine = browser.cookie() ?? "";
    expect(mine).not.toBe(planted);
    expect((await browser.signIn(admin, maxPassword, max.recoveryCodes[2])).status).toBe(200);
    expect(browser.cookie()).not.toBe(mine);
    const old = firefox();
    old.setCookie("tidelock", mine);
    expect((await old.ask("GET", "/api/v1/session")).status).toBe(401);
  });

  it("leaves neither password nor code nor link nor secret in the database", async () => {
    const { rows } = await sql<{ table_name: string }>`
      select table_name from information_schema.tables where table_schema = 'public'
    `.execute(lab.bench.database.db);
    let dump = "";
    for (const { table_name } of rows) {
      const text = await sql<{ t: string | null }>`
        select string_agg(t::text, ' ') as t from ${sql.table(table_name)} t
      `.execute(lab.bench.database.db);
      dump += text.rows[0]?.t ?? "";
    }
    expect(dump).toContain("$argon2id$");
    const secrets = [
      maxPassword,
      joPassword,
      max.cookie()?.slice(20, 50) ?? "",
      max.totp?.toString("hex") ?? "",
      max.recoveryCodes[4] ?? "",
      max.cookie("tidelock-device")?.slice(26, 60) ?? "none",
    ];
    for (const secret of secrets) expect([secret, dump.includes(secret)]).toEqual([secret, false]);
  });

  it("upgrades what an older cost has hashed", async () => {
    const hash = async () =>
      (
        await sql<{ password: string }>`
          select password from accounts a join ledger_people p on p.pseudonym = a.person where p.person = ${"ola@shop.example"}
        `.execute(lab.bench.database.db)
      ).rows[0]?.password ?? "";
    await firefox().welcome(await invite("ola@shop.example"), joPassword, { app: false });
    // argon2id at another cost, of `a quiet harbour at dawn`, made by hand as an older program would have.
    const { argon2Sync } = await import("node:crypto");
    const salt = Buffer.alloc(16, 7);
    const tag = argon2Sync("argon2id", { message: joPassword, nonce: salt, parallelism: 1, tagLength: 32, memory: 1024, passes: 1 }); // prettier-ignore
    const old = `$argon2id$v=19$m=1024,t=1,p=1$${salt.toString("base64").replaceAll("=", "")}$${tag.toString("base64").replaceAll("=", "")}`;
    const { db } = lab.bench.database;
    const person = (await personByName(db, "ola@shop.example"))?.pseudonym ?? "";
    const put = (password: string) =>
      db
        .transaction()
        .execute((tx) =>
          putAccount(tx, person, { password }, "tidelock", "account.credential-set"),
        );
    await put(old);
    // Written by nobody but the database's administrator, the same hash opens nothing.
    await sql`update accounts set password = ${old.replace("t=1", "t=01")} where person = ${person}`.execute(db); // prettier-ignore
    expect(code(await firefox().signIn("ola@shop.example", joPassword))).toBe("denied");
    await sql`update accounts set password = ${old} where person = ${person}`.execute(db);
    expect((await firefox().signIn("ola@shop.example", joPassword)).status).toBe(200);
    expect(await hash()).toContain("m=19456,t=2,p=1");
    expect((await firefox().signIn("ola@shop.example", joPassword)).status).toBe(200);
  });
});

describe("a stranger", () => {
  it("slows down their own network, and locks nobody out whose browser is known", async () => {
    const owner = new Browser(lab);
    const name = "ina@shop.example";
    await owner.welcome(await invite(name), joPassword, { app: false });
    expect((await owner.signIn(name, joPassword)).status).toBe(200);
    expect(owner.cookie("tidelock-device")).toMatch(/^[0-9a-f]{24}\./);
    const statuses: number[] = [];
    for (let tries = 0; tries < 8; tries += 1) {
      statuses.push((await new Browser(lab).signIn(name, `guess number ${tries}`)).status);
    }
    expect(statuses.slice(0, 5)).toEqual([401, 401, 401, 401, 401]);
    expect(statuses).toContain(429);
    // The same network, the same name, and yet: this browser has signed in before.
    expect((await owner.signIn(name, joPassword)).status).toBe(200);
    // The mark is of this person alone, and somebody else's is none.
    const other = new Browser(lab);
    other.setCookie("tidelock-device", owner.cookie("tidelock-device") ?? "");
    for (let tries = 0; tries < 8; tries += 1) await other.signIn("nobody@shop.example", "x");
    expect((await other.signIn("nobody@shop.example", "x")).status).toBe(429);
  });

  it("tries no more by asking many times at once than one after the other", async () => {
    const name = "udo@shop.example";
    await new Browser(lab).welcome(await invite(name), joPassword, { app: false });
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, tries) => new Browser(lab).signIn(name, `guess no ${tries}`)),
    );
    const tried = answers.filter(({ status }) => status === 401).length;
    expect([tried > 0, tried < 10]).toEqual([true, true]);
    expect(answers.filter(({ status }) => status === 429).length).toBe(40 - tried);
  });

  it("begins nothing anew when the clock strikes the hour", async () => {
    const name = "ole@shop.example";
    const guess = async (tries: number) =>
      (await new Browser(lab).signIn(name, `guess number ${tries}`)).status;
    for (let tries = 0; tries < 7; tries += 1) await guess(tries);
    await sql`update sign_in_failures set hour = hour - interval '1 hour'`.execute(
      lab.bench.database.db,
    );
    expect(await guess(8)).toBe(429);
    // An hour after the last of them nothing is held against anybody.
    await sql`update sign_in_failures set last_at = last_at - interval '1 hour'`.execute(
      lab.bench.database.db,
    );
    expect(await guess(9)).toBe(401);
  });

  it("grows no ledger, and no table by more than one row", async () => {
    const count = async (table: string) =>
      Number(
        (
          await sql<{ n: string }>`select count(*) as n from ${sql.table(table)}`.execute(
            lab.bench.database.db,
          )
        ).rows[0]?.n,
      );
    const before = [await count("ledger_entries"), await count("ledger_people")];
    const failures = await count("sign_in_failures");
    for (let tries = 0; tries < 4; tries += 1) {
      await new Browser(lab).signIn("lea@shop.example", "whatever it is");
    }
    expect([await count("ledger_entries"), await count("ledger_people")]).toEqual(before);
    expect((await count("sign_in_failures")) - failures).toBeLessThanOrEqual(1);
  });
});

describe("an account", () => {
  it("changes its password only with the one until now, and is signed out elsewhere", async () => {
    const [here, there] = [new Browser(lab), new Browser(lab)];
    const name = "ute@shop.example";
    await here.welcome(await invite(name), joPassword, { app: false });
    await there.signIn(name, joPassword);
    const change = (current: string, next: string) =>
      here.ask("PUT", "/api/v1/account/password", { current, next });
    expect(code(await change("wrong until now", "a long enough other"))).toBe("forbidden");
    expect(code(await change(joPassword, "ute-2026"))).toBe("invalid-input");
    expect((await change(joPassword, "nine oars in the water")).status).toBe(200);
    expect((await here.ask("GET", "/api/v1/session")).status).toBe(200);
    expect((await there.ask("GET", "/api/v1/session")).status).toBe(401);
    expect((await there.signIn(name, "nine oars in the water")).status).toBe(200);
  });

  it("changes nothing that signs in by a token, or long after the sign-in", async () => {
    const token = await max.ask("POST", "/api/v1/tokens", {
      name: "laptop",
      person: admin,
      service: null,
      environment: null,
      lastsMs: 3_600_000,
    });
    const mine = String(token.body["token"]);
    expect(code(await lab.ask(mine, "POST", "/api/v1/account/totp"))).toBe("forbidden");
    const browser = new Browser(lab);
    await browser.signIn(admin, maxPassword, max.recoveryCodes[5]);
    // A session that began without more than a password, or long ago, is not recent: by the session's own seal.
    const { rows } = await sql<{ id: string }>`
      select id from sessions where person = (select pseudonym from ledger_people where person = ${admin})
        and removed_at is null order by created_at desc limit 1
    `.execute(lab.bench.database.db);
    expect(rows.length).toBe(1);
    const shown = await browser.ask("GET", "/api/v1/session");
    expect(shown.body).toMatchObject({ recent: true, session: { methods: ["password", "recovery-code"], program: "Firefox 140 on Linux" } }); // prettier-ignore
  });

  it("that is locked is out everywhere at once: sessions, password and tokens", async () => {
    const name = "tom@shop.example";
    const browser = new Browser(lab);
    await browser.welcome(await invite(name), joPassword);
    const own = await max.ask("POST", "/api/v1/role-assignments", {
      to: { person: name },
      role: "administrator",
      service: null,
      environment: null,
    });
    expect(own.status).toBe(200);
    const token = await browser.ask("POST", "/api/v1/tokens", {
      name: "laptop",
      person: name,
      service: null,
      environment: null,
      lastsMs: 3_600_000,
    });
    const mine = String(token.body["token"]);
    expect((await lab.ask(mine, "GET", "/api/v1/session")).status).toBe(200);
    const lock = (locked: boolean) =>
      max.ask("PUT", `/api/v1/accounts/${name}/lock`, { locked }, { server: 1 });
    expect((await lock(true)).body).toMatchObject({ state: "locked", sessions: 0 });
    for (const server of [0, 1]) {
      expect((await lab.ask(mine, "GET", "/api/v1/session", undefined, { server })).status).toBe(
        401,
      );
      expect((await browser.ask("GET", "/api/v1/session", undefined, { server })).status).toBe(401);
    }
    expect((await browser.signIn(name, joPassword)).status).toBe(401);
    expect((await lock(false)).body).toMatchObject({ state: "enrolled" });
    expect((await lab.ask(mine, "GET", "/api/v1/session")).status).toBe(200);
    expect(code(await max.ask("PUT", `/api/v1/accounts/${admin}/lock`, { locked: true }))).toBe(
      "conflict",
    );
  });

  it("is in the ledger with everything that was done to it, and nothing stands beside it", async () => {
    const { rows } = await sql<{ kind: string }>`
      select distinct kind from ledger_entries where kind like 'account.%' or kind like 'bootstrap.%' order by 1
    `.execute(lab.bench.database.db);
    expect(rows.map(({ kind }) => kind)).toEqual([
      "account.created",
      "account.credential-removed",
      "account.credential-set",
      "account.link-ended",
      "account.link-made",
      "account.link-used",
      "account.locked",
      "account.owner-made",
      "account.unlocked",
      "bootstrap.ended",
    ]);
    const list = await max.ask("GET", "/api/v1/accounts");
    const items = list.body["items"] as { name: string; sponsor: string; totp: boolean }[];
    expect(items.find(({ name }) => name === admin)).toMatchObject({ sponsor: "operator", totp: true }); // prettier-ignore
    expect(items.find(({ name }) => name === jo)).toMatchObject({ sponsor: admin });
  });
});

describe("a program", () => {
  it("gets a session of whoever typed its code in a browser and said yes, once", async () => {
    const begun = await lab.ask(null, "POST", "/api/v1/logins", undefined, {
      headers: { "user-agent": "tidelock/0.1.0" },
    });
    const { secret, code: shown } = begun.body as { secret: string; code: string };
    expect(shown).toMatch(/^[B-Z]{4}-[B-Z]{4}$/);
    const poll = () => lab.ask(null, "POST", "/api/v1/logins/poll", { secret });
    expect(code(await poll())).toBe("waiting");
    const look = await max.ask("GET", `/api/v1/logins/${shown.toLowerCase()}`);
    expect(look.body).toMatchObject({ program: "tidelock/0.1.0" });
    expect((await max.ask("PUT", `/api/v1/logins/${shown}`, { yes: true })).status).toBe(200);
    const answers = await Promise.all([poll(), poll()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404]);
    const token = String(answers.find(({ status }) => status === 200)?.body["token"]);
    const who = await lab.ask(token, "GET", "/api/v1/session", undefined, { server: 1 });
    expect(who.body).toMatchObject({ id: admin, session: { carried: "bearer" } });
    // It changes no credentials, and lets no other program in.
    expect(code(await lab.ask(token, "POST", "/api/v1/account/totp"))).toBe("forbidden");
  });

  it("is refused when somebody says no, and by a code that nobody waits under", async () => {
    const begun = await lab.ask(null, "POST", "/api/v1/logins");
    const { secret, code: shown } = begun.body as { secret: string; code: string };
    expect((await max.ask("PUT", `/api/v1/logins/${shown}`, { yes: false })).status).toBe(200);
    expect(code(await lab.ask(null, "POST", "/api/v1/logins/poll", { secret }))).toBe("forbidden");
    expect(code(await max.ask("PUT", "/api/v1/logins/BBBB-BBBB", { yes: true }))).toBe("not-found");
    expect((await lab.ask(null, "GET", `/api/v1/logins/${shown}`)).status).toBe(401);
  });

  it("is not the only one: of many of its network the oldest makes room, and one that was let in stays", async () => {
    const begin = async () =>
      (await lab.ask(null, "POST", "/api/v1/logins")).body as { secret: string; code: string };
    const poll = async ({ secret }: { secret: string }) =>
      code(await lab.ask(null, "POST", "/api/v1/logins/poll", { secret }));
    const [letIn, oldest] = [await begin(), await begin()];
    await max.ask("PUT", `/api/v1/logins/${letIn.code}`, { yes: true });
    const later = [];
    for (let tries = 0; tries < 19; tries += 1) later.push(await begin());
    expect(await Promise.all([poll(oldest), poll(later[0]!), poll(later[18]!)])).toEqual([
      "not-found",
      "waiting",
      "waiting",
    ]);
    expect(await poll(letIn)).toBeUndefined();
  });

  it("waits on while a stranger begins as many as they can, from as many networks as they have", async () => {
    const own = await lab.ask(null, "POST", "/api/v1/logins");
    const { secret } = own.body as { secret: string };
    const fill = (from: number, networks: number, each: number) =>
      sql`
        insert into login_requests (digest, code, place, program, created_at, expires_at)
        select 'd' || n || '.' || k, 'c' || n || '.' || k, 'net' || n, '', clock_timestamp() - interval '1 minute',
          clock_timestamp() + interval '9 minutes'
        from generate_series(${from}::int, ${from + networks - 1}::int) n, generate_series(1, ${each}::int) k
      `.execute(lab.bench.database.db);
    await fill(1, 60, 17);
    const begun = await lab.ask(null, "POST", "/api/v1/logins");
    expect([begun.status, begun.text]).toEqual([200, begun.text]);
    const waiting = await lab.ask(null, "POST", "/api/v1/logins/poll", { secret });
    expect(code(waiting)).toBe("waiting");
    await sql`delete from login_requests where place like 'net%'`.execute(lab.bench.database.db);
  });
});
