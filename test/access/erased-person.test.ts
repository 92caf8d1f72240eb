import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bootstrap } from "../../src/server/sign-in/token-check.ts";
import { personByName } from "../../src/store/queries/people.ts";
import { AccessLab } from "../support/access-lab.ts";
import { Browser } from "../support/browser.ts";
import { operator } from "../support/engine-bench.ts";
import { SoftAuthenticator } from "../support/soft-authenticator.ts";

/** Somebody who could sign in, and of whom two people have said that nobody is to know who they were. */

let lab: AccessLab;
let browser: Browser;
let pseudonym: string;
let token: string;
let terminal: string;
let link: string;
const key = new SoftAuthenticator();
const name = "wilhelmina@shop.example";
const password = "seven grey herons fishing";

const plane = () => lab.worker.controlPlane;
const db = () => lab.bench.database.db;

async function signInWithPasskey(): Promise<number> {
  const visitor = new Browser(lab);
  const offer = await visitor.ask("POST", "/api/v1/sign-in/passkey/challenges");
  const assertion = key.get(String(offer.body["challenge"]));
  const given = { assertion, userHandle: key.handle };
  return (await visitor.ask("POST", "/api/v1/sign-in/passkey", given)).status;
}

beforeAll(async () => {
  lab = await AccessLab.create({ settings: { retentionMs: 0 } });
  await lab.server();
  await lab.worker.engine.log.open("1.0.0");
  const granting = { ...operator, principal: bootstrap };
  const { secret } = await plane().accounts.makeLink(granting, "invite", name);
  browser = new Browser(lab);
  expect((await browser.welcome(secret, password)).status).toBe(200);
  pseudonym = (await personByName(db(), name))?.pseudonym ?? "";
  const role = { to: { person: name }, role: "developer", service: null, environment: null };
  await plane().access.assign(granting, role);
  const offer = await browser.ask("POST", "/api/v1/passkeys/challenges", { use: "sign-in" });
  const made = key.create(String(offer.body["challenge"]), String(offer.body["userHandle"]));
  const kept = { use: "sign-in", name: `phone of ${name}`, made };
  expect((await browser.ask("POST", "/api/v1/passkeys", kept)).status).toBe(200);
  const wish = { name: "laptop", person: name, service: null, environment: null, lastsMs: 600_000 };
  token = (await plane().access.createToken(granting, wish)).token;
  const begun = await lab.ask(null, "POST", "/api/v1/logins");
  const login = begun.body as { secret: string; code: string };
  await browser.ask("PUT", `/api/v1/logins/${login.code}`, { yes: true });
  const polled = await lab.ask(null, "POST", "/api/v1/logins/poll", { secret: login.secret });
  terminal = String(polled.body["token"]);
  await new Browser(lab).signIn(name, "not the right password");
  link = (await plane().accounts.makeLink(granting, "reset", name)).secret;
}, 60_000);
afterAll(() => lab.close());

/** Every text of every table, by table. */
async function tablesNaming(text: string): Promise<readonly string[]> {
  const { rows } = await sql<{ table_name: string }>`
    select table_name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE'
  `.execute(db());
  const found: string[] = [];
  for (const { table_name: table } of rows) {
    const { rows: hits } = await sql`
      select from ${sql.table(table)} t where position(${text} in row_to_json(t)::text) > 0 limit 1
    `.execute(db());
    if (hits.length > 0) found.push(table);
  }
  return found.sort();
}

describe("somebody who was erased", () => {
  it("gets in by nothing that let them in, at any server, and is named in no table", async () => {
    const me = async (server: number) => {
      const asked = (bearer: string) =>
        lab.ask(bearer, "GET", "/api/v1/session", undefined, { server });
      return [
        (await browser.ask("GET", "/api/v1/session", undefined, { server })).status,
        (await asked(token)).status,
        (await asked(terminal)).status,
      ];
    };
    expect([await me(0), await me(1)]).toEqual([
      [200, 200, 200],
      [200, 200, 200],
    ]);
    expect(await signInWithPasskey()).toBe(200);
    expect(await tablesNaming(name)).not.toEqual([]);
    const asked = await plane().requestErasure(operator, { person: name }, "left long ago");
    await plane().confirmErasure({ id: "second-person" }, asked.id);
    expect([await me(0), await me(1)]).toEqual([
      [401, 401, 401],
      [401, 401, 401],
    ]);
    expect(await signInWithPasskey()).toBe(401);
    expect((await new Browser(lab).signIn(name, password, browser.code())).status).toBe(401);
    const late = await new Browser(lab).welcome(link, password, { app: false });
    expect(late.status).toBeGreaterThanOrEqual(400);
    expect(await tablesNaming(name)).toEqual([]);
    expect(await tablesNaming(pseudonym)).toContain("accounts");
    expect(await plane().ledger.verifyState()).toMatchObject({ ok: true });
  });

  it("has left a name that somebody else may have, with nothing of theirs", async () => {
    const granting = { ...operator, principal: bootstrap };
    const { secret } = await plane().accounts.makeLink(granting, "invite", name);
    const other = new Browser(lab);
    expect((await other.welcome(secret, "a quiet harbour at dawn")).status).toBe(200);
    expect((await personByName(db(), name))?.pseudonym).not.toBe(pseudonym);
    const { text } = await other.ask("GET", "/api/v1/access/me");
    expect(text).not.toContain("developer");
    expect((await plane().people.sponsors(name)).acts.map(({ what }) => what)).toEqual([
      "the link that invites them",
      "the use of the link that invites them",
    ]);
  });
});
