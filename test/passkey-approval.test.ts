import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Assertion, Credential } from "../src/model/webauthn.ts";
import { runInside } from "./fixtures/run-cli.ts";
import { askedApproval } from "./support/approvals-lab.ts";
import { documents, ended, makeRelease, operator } from "./support/engine-bench.ts";
import { needsTool } from "./support/optional.ts";
import { PasskeyLab } from "./support/passkey-lab.ts";
import { assertedIn, expectTaken } from "./support/signed-by-passkey.ts";

/**
 * One story in a real browser with Chromium's virtual authenticator, over a server with a real database: enrolment,
 * sign-in and approval, up to the offline verifier and an independent library.
 */

const browserTool = needsTool("chromium");
const maria = "maria@shop.example";
const wish = { service: "shop", environment: "dev", release: "1.0.0" };
const shots = process.env["TIDELOCK_TEST_SHOTS"];

describe.skipIf(browserTool.missing)("passkeys in a real browser", () => {
  let lab: PasskeyLab;

  beforeAll(async () => {
    lab = await PasskeyLab.create(browserTool.path);
    const { plane } = lab;
    await plane.people.add(operator, { name: maria, also: ["maria@home.example"] });
    const right = { right: "approve:sre", service: null, environment: null };
    await plane.people.grant(operator, { name: maria, ...right });
    const line = "      approvals: [{ role: sre, deviceBound: true }]";
    await plane.applyDocuments(operator, "t.yaml", documents({ dev: line }));
    await plane.createRelease(operator, makeRelease(lab.bench, "1.0.0"));
    const principal = (await import("../src/server/sign-in/token-check.ts")).bootstrap;
    const to = { person: maria };
    const everywhere = { service: null, environment: null };
    for (const role of ["qa", "auditor"]) {
      await plane.access.assign({ ...operator, principal }, { to, role, ...everywhere });
    }
  }, 120_000);
  afterAll(() => lab?.close());

  const shot = async (name: string) => {
    if (shots !== undefined) {
      await lab.page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
    }
  };
  const text = async () => lab.page.getByRole("main").innerText();
  const button = (name: string) => lab.page.getByRole("button", { name, exact: true });

  it("are enrolled, each for one thing", async () => {
    const { page } = lab;
    await lab.welcome(maria);
    await page.goto(`${lab.url}/passkeys`);
    await page.getByLabel("Name").fill("laptop");
    await lab.verifyUser(false);
    await button("Add a passkey to sign in").click();
    await page.getByRole("alert").waitFor();
    expect(await text()).toContain("No passkey was used");
    await lab.verifyUser(true);
    await button("Add a passkey to sign in").click();
    await page.getByText("It was added.").waitFor();
    await button("Add a passkey to approve").click();
    await page.getByRole("group", { name: "Passkeys to approve" }).waitFor();
    const shown = await text();
    for (const part of ["laptop", "stays on one device", "localhost"])
      expect(shown).toContain(part);
    const held = await lab.credentials();
    expect(held.map(({ isResidentCredential }) => isResidentCredential).sort()).toEqual([
      false,
      true,
    ]);
    expect(await lab.complaints()).toEqual([]);
    await shot("passkeys");
  }, 60_000);

  it("sign in without a name, and not where nobody is verified", async () => {
    const { page } = lab;
    await button("Sign out").click();
    await button("Sign in with a passkey").waitFor();
    expect(await lab.complaints()).toEqual([]);
    await shot("sign-in");
    await lab.verifyUser(false);
    await button("Sign in with a passkey").click();
    await page.getByText("No passkey was used").waitFor();
    await lab.verifyUser(true);
    const asked = page.waitForRequest((request) => request.url().endsWith("/sign-in/passkey"));
    // By the keyboard alone.
    await button("Sign in with a passkey").press("Enter");
    await page.getByRole("navigation").waitFor();
    const sent = (await asked).postData() ?? "";
    // The same answer again, from the very page that was given it.
    const again = await page.evaluate(
      `fetch("/api/v1/sign-in/passkey", { method: "POST", body: ${JSON.stringify(sent)},
        headers: { "content-type": "application/json", "x-tidelock": "1" } }).then((one) => one.status)`,
    );
    expect(again).toBe(409);
    const session = await page.evaluate(`fetch("/api/v1/session").then((one) => one.json())`);
    expect(session).toMatchObject({ id: maria, recent: true, session: { methods: ["passkey"] } });
    await page.goto(lab.url.replace("localhost", "127.0.0.1"));
    await page.getByText("this page was opened under an address").waitFor();
    await page.goto(lab.url);
    await page.getByRole("navigation").waitFor();
  }, 60_000);

  it("approve what another machine computes alike, which our verifier and an independent library take", async () => {
    const { page, plane } = lab;
    const { id } = await plane.promote(operator, wish);
    const view = await askedApproval(plane, id);
    await page.getByRole("link", { name: "Approvals 1 waits for you" }).click();
    await page.getByRole("link", { name: "shop 1.0.0" }).click();
    await page.getByRole("heading", { name: "What you sign" }).waitFor();
    const shown = await text();
    for (const part of [
      view.id,
      "I approve shop 1.0.0 for dev, as sre.",
      "a key that stays on one device",
    ]) {
      expect(shown).toContain(part);
    }
    await page.getByText("Compare it on another machine").click();
    expect(await lab.complaints()).toEqual([]);
    await shot("approval");
    const command = await page.getByLabel("Command").innerText();
    const challenge = await page.locator("[data-challenge]").innerText();
    const elsewhere = await runInside(command.split(" ").slice(1), { env: lab.env });
    expect(elsewhere.stderr).toContain(`challenge  ${challenge}`);
    expect(elsewhere.stderr).toContain("plan: computed here");

    await refusedHere(view.id, challenge);
    await lab.verifyUser(false);
    await button("Approve with passkey").click();
    await page.getByText("No passkey was used").waitFor();
    await lab.verifyUser(true);
    const asked = page.waitForRequest((request) => request.url().endsWith("/answers"));
    await button("Approve with passkey").press("Enter");
    const sent = (await asked).postData() ?? "";
    await page.getByText("You have answered it, and the first answer stands.").waitFor();
    expect(await text()).toContain(`as sre by ${maria}`);
    expect((await ended(plane, id)).state).toBe("complete");
    const replayed = await post(`/api/v1/approvals/${view.id}/answers`, sent);
    expect(replayed.status).toBe(409);

    const { zip } = await plane.exportPack(operator, {
      kind: "release",
      service: "shop",
      release: "1.0.0",
      seen: [],
    });
    const [pack, trust] = ["pack.zip", "trust.json"].map((name) => join(lab.folder, name));
    if (pack === undefined || trust === undefined) throw new Error("no folder");
    writeFileSync(pack, zip);
    const written = await runInside(["ledger", "trust", "-o", trust, "--operator", "shop"], {
      env: lab.env,
    });
    expect(written.code, written.stderr).toBe(0);
    const verified = await runInside(["audit", "verify", pack, "--trust", trust, "--json"], {});
    expect(verified.code, verified.stdout.slice(0, 2_000)).toBe(0);
    const report = JSON.parse(verified.stdout) as { checks: { id: string; count: number }[] };
    expect(report.checks.find((one) => one.id === "approvals")).toMatchObject({ count: 1 });
    await takenByLibrary(zip);
  }, 90_000);

  /** A page that was taken over, in the browser of somebody who is signed in. */
  async function refusedHere(request: string, challenge: string): Promise<void> {
    const [signIn] = (await lab.credentials()).filter((one) => one.isResidentCredential);
    const id = Buffer.from(signIn?.credentialId ?? "", "base64").toString("base64url");
    const assertion: Assertion = await lab.page.evaluate(`(async () => {
      const bytes = (text) => Uint8Array.from(
        atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
      const url = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
        .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
      const { rawId, response } = await navigator.credentials.get({ publicKey: {
        challenge: bytes(${JSON.stringify(challenge)}), userVerification: "required",
        allowCredentials: [{ type: "public-key", id: bytes(${JSON.stringify(id)}) }] } });
      return { credentialId: url(rawId), authenticatorData: url(response.authenticatorData),
        clientDataJSON: url(response.clientDataJSON), signature: url(response.signature) };
    })()`);
    const body = { assertion, userHandle: null };
    expect((await post("/api/v1/sign-in/passkey", JSON.stringify(body))).status).toBe(401);
    const payload = Buffer.from("{}").toString("base64");
    const asserted = { payloadType: "application/vnd.in-toto+json", payload, webauthn: assertion };
    const signed = Buffer.from(JSON.stringify(asserted)).toString("base64");
    const refused = await post(`/api/v1/approvals/${request}/answers`, JSON.stringify({ signed }));
    expect(refused.status).toBe(400);
  }

  async function post(path: string, body: string): Promise<{ readonly status: number }> {
    const status = await lab.page.evaluate(
      `fetch(${JSON.stringify(path)}, { method: "POST", body: ${JSON.stringify(body)},
        headers: { "content-type": "application/json", "x-tidelock": "1" } }).then((one) => one.status)`,
    );
    return { status: Number(status) };
  }

  async function takenByLibrary(zip: Uint8Array): Promise<void> {
    const answers = assertedIn(zip);
    expect(answers.length).toBe(1);
    const { webauthn } = await lab.bench.database.db
      .selectFrom("person_keys")
      .select("webauthn")
      .where("webauthn", "is not", null)
      .executeTakeFirstOrThrow();
    for (const { given } of answers) await expectTaken(given, webauthn as Credential, lab.url);
  }

  it("are not asked where an approval would not count: own work is said before one tries", async () => {
    const { page, plane } = lab;
    await plane.createRelease({ id: "maria@home.example" }, makeRelease(lab.bench, "1.1.0"));
    const { id } = await plane.promote(operator, { ...wish, release: "1.1.0" });
    const view = await askedApproval(plane, id);
    await page.goto(`${lab.url}/approvals/${view.id}`);
    await page.getByText("Your approval would not count: this is own work").waitFor();
    expect(await button("Approve with passkey").isDisabled()).toBe(true);
    expect(await lab.complaints()).toEqual([]);
    await shot("own-work");
    await page.getByLabel("Reject it: the promotion is denied").check();
    expect(await button("Reject with passkey").isDisabled()).toBe(true);
    await page.getByLabel("Reason (needed)").fill("the migration has no way back");
    await page.getByText("I REJECT shop 1.1.0 for dev").waitFor();
    await button("Reject with passkey").click();
    await page.getByText("You have answered it, and the first answer stands.").waitFor();
    expect((await ended(plane, id)).state).toBe("failed");
    await page.goto(`${lab.url}/approvals?show=any`);
    await page.getByText("2 requests, newest first.").waitFor();
    expect(await lab.complaints()).toEqual([]);
    await shot("approvals");
    expect(lab.offences).toEqual([]);
  }, 60_000);
});
