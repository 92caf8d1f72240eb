import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { recoverAccessOf } from "../../src/server/sign-in/recover-access.ts";
import { AccessLab, type Answer } from "../support/access-lab.ts";
import {
  type Approver,
  askedApproval,
  enrolApprover,
  signedApproval,
  vouchFor,
} from "../support/approvals-lab.ts";
import { Browser } from "../support/browser.ts";
import { testMaster } from "../support/database.ts";
import { documents, makeRelease, operator } from "../support/engine-bench.ts";

/** The way back in for whoever owns the machine, and what it is not: a way into somebody else's name. */

let lab: AccessLab;
let dataDir: string;
const everywhere = { service: null, environment: null };
const maria = "maria@shop.example";
const sam = "sam@shop.example";
const tom = "tom@shop.example";
const eve = "eve@shop.example";
const hr = { id: "hr@shop.example" };
const dev = { id: "dev@shop.example" };
const before = "seven grey herons fishing";
const after = "a quiet harbour at dawn";
let mariaBrowser: Browser;
let samBrowser: Browser;
const approvers = new Map<string, Approver>();

const plane = () => lab.worker.controlPlane;
const db = () => lab.bench.database.db;
const code = ({ body }: Answer) => (body["error"] as { code?: string } | undefined)?.code;
const recover = () => recoverAccessOf(dataDir, lab.bench.database.databaseUrl, () => undefined);
const kinds = async () =>
  (
    await sql<{ kind: string }>`select kind from ledger_entries order by entry`.execute(db())
  ).rows.map(({ kind }) => kind);

async function invited(name: string): Promise<Browser> {
  const made = await mariaBrowser.ask("POST", "/api/v1/accounts/links", {
    name,
    purpose: "invite",
  });
  const browser = new Browser(lab);
  expect((await browser.welcome(String(made.body["secret"]), before)).status).toBe(200);
  return browser;
}

/** What `dev` has worked on, and somebody is asked to approve. */
async function asked() {
  const [open] = await plane().approvals.list({ state: "open", limit: 1 });
  if (open) return open;
  await plane().applyDocuments(
    dev,
    "t.yaml",
    documents({ dev: "      approvals: [{ role: sre }]" }),
  );
  await plane().createRelease(dev, makeRelease(lab.bench, "1.0.0"));
  const { id } = await plane().promote(dev, {
    service: "shop",
    environment: "dev",
    release: "1.0.0",
  });
  return askedApproval(plane(), id);
}

async function approve(name: string) {
  const view = await asked();
  const who = approvers.get(name);
  if (!who) throw new Error("no such approver");
  return plane().approvals.answer(view.id, await signedApproval(view, who));
}

beforeAll(async () => {
  lab = await AccessLab.create();
  await lab.server();
  await lab.worker.engine.log.open("1.0.0");
  dataDir = mkdtempSync(join(tmpdir(), "tidelock-recover-"));
  mkdirSync(join(dataDir, "server"), { mode: 0o700 });
  writeFileSync(join(dataDir, "server", "ledger.key"), `${testMaster.toString("hex")}\n`, {
    mode: 0o600,
  });
  for (const name of [sam, "v@shop.example"]) {
    approvers.set(name, await enrolApprover(plane(), name, ["sre"], { by: hr }));
  }
  await plane().people.grant(hr, { name: "v@shop.example", right: "people.vouch", ...everywhere });
  mariaBrowser = new Browser(lab);
  const first = (await plane().accounts.firstLink()) ?? "";
  expect((await mariaBrowser.welcome(first, before, { name: maria })).status).toBe(200);
  samBrowser = await invited(sam);
  await invited(tom);
}, 60_000);
afterAll(async () => {
  await lab.close();
  rmSync(dataDir, { recursive: true, force: true });
});

describe("whoever is at the machine", () => {
  it("gets a link that makes an administrator, once, for an hour, and says so in the ledger", async () => {
    const one = await recover();
    expect(one).toEqual({ secret: expect.stringMatching(/^\S{40,}$/) as string, url: null });
    expect(await kinds()).toContain("bootstrap.recovered");
    const shown = await lab.ask(null, "POST", "/api/v1/welcome/show", { secret: one.secret });
    expect(shown.body).toMatchObject({ purpose: "first", name: null, madeBy: "operator" });
    const lasts = Date.parse(String(shown.body["expiresAt"])) - Date.now();
    expect([lasts > 3_500_000, lasts <= 3_600_000]).toEqual([true, true]);
    // Another one ends it; the token of the data directory does not come back.
    const two = await recover();
    const late = await new Browser(lab).welcome(one.secret, after, { name: "x@shop.example" });
    expect(code(late)).toBe("not-found");
    expect((await lab.ask(lab.bootstrap, "GET", "/api/v1/session")).status).toBe(401);
    const browser = new Browser(lab);
    expect((await browser.welcome(two.secret, after, { name: eve })).status).toBe(200);
    expect((await browser.ask("GET", "/api/v1/accounts")).status).toBe(200);
    expect(code(await new Browser(lab).welcome(two.secret, after, { name: eve }))).toBe(
      "not-found",
    );
    const events = await db().selectFrom("events").select("message").execute();
    expect(events.map(({ message }) => message).join("\n")).toContain("on the machine itself");
  });

  it("is told when nothing can be written down, and gets no link", async () => {
    const other = mkdtempSync(join(tmpdir(), "tidelock-recover-"));
    // A data directory without the key of this ledger: nobody could seal what happened.
    await expect(
      recoverAccessOf(other, lab.bench.database.databaseUrl, () => undefined),
    ).rejects.toThrow(/key|ledger/);
    rmSync(other, { recursive: true, force: true });
  });

  it("may take over somebody's name, who then approves nothing for a day and is vouched for by nobody yet", async () => {
    expect((await samBrowser.ask("GET", "/api/v1/session")).status).toBe(200);
    const { secret } = await recover();
    const taker = new Browser(lab);
    expect((await taker.welcome(secret, after, { name: sam })).status).toBe(200);
    // Nothing of before opens the account.
    expect((await samBrowser.ask("GET", "/api/v1/session")).status).toBe(401);
    expect((await samBrowser.signIn(sam, before)).status).toBe(401);
    const { acts } = await plane().people.sponsors(sam);
    expect(acts.find(({ what }) => what.includes("on the machine itself"))).toMatchObject({
      by: [],
      proven: false,
      vouched: [],
      open: true,
    });
    await expect(approve(sam)).rejects.toThrow(/was reset.*cannot approve before/);
  });

  it("is nobody in particular: whom they let in approves nobody's work in a team before somebody vouches", async () => {
    approvers.set(eve, await enrolApprover(plane(), eve, ["sre"], { by: hr }));
    for (const name of ["v@shop.example", sam]) {
      await plane().people.grant(hr, { name, right: "policy.change", ...everywhere });
    }
    await plane().policy.setGovernance(operator, "team");
    await expect(approve(eve)).rejects.toThrow(
      /made on the machine itself is not proven, which counts as everybody, and no third person/,
    );
    const vouched = await vouchFor(plane(), eve, approvers.get("v@shop.example")!);
    expect(vouched.toVouch).toBeNull();
    await expect(approve(eve)).rejects.not.toThrow(/on the machine itself/);
    expect(await plane().ledger.verifyState()).toMatchObject({ ok: true });
  });

  it("gives nobody a role beside two people's words, once two decide", async () => {
    const { secret } = await recover();
    const browser = new Browser(lab);
    const name = "late@shop.example";
    expect((await browser.welcome(secret, after, { name })).status).toBe(200);
    expect((await browser.ask("GET", "/api/v1/accounts")).status).toBe(403);
  });

  it("lets nobody in who was locked out or has left", async () => {
    await plane().people.setStanding(hr, tom, { state: "left", from: null, reason: "gone" });
    const { secret } = await recover();
    const answer = await new Browser(lab).welcome(secret, after, { name: tom });
    expect([code(answer), answer.text.includes("has left")]).toEqual(["forbidden", true]);
  });
});
