import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BreakGlassView } from "../src/api/routes/break-glass.ts";
import type { ManualRequestView } from "../src/api/routes/manual.ts";
import { manual } from "../src/checks/manual/index.ts";
import { answerStatement, manualAnswer } from "../src/evidence/predicates/manual-answer.ts";
import { waiverStatement } from "../src/evidence/predicates/waiver-consent.ts";
import { glassPredicate, glassStatement } from "../src/identity/break-glass/statement.ts";
import type { ManualAnswers } from "../src/model/manual-check.ts";
import type { Credential } from "../src/model/webauthn.ts";
import { runInside } from "./fixtures/run-cli.ts";
import { documents, ended, makeRelease, operator } from "./support/engine-bench.ts";
import { needsTool } from "./support/optional.ts";
import { PasskeyLab } from "./support/passkey-lab.ts";
import { asked, askedOf } from "./support/signed-answers.ts";
import {
  assertedIn,
  byPasskey,
  enrolPasskey,
  expectTaken,
  type PasskeyPerson,
  softPasskey,
} from "./support/signed-by-passkey.ts";

/**
 * Whatever people sign, signed with a passkey in a real browser with Chromium's virtual authenticator, over one server with
 * a real database; and what an authenticator that does anything would get past it.
 */

const browserTool = needsTool("chromium");
const maria = "maria@shop.example";
const shots = process.env["TIDELOCK_TEST_SHOTS"];
const rights = ["checks.answer:qa", "break-glass.sign", "break-glass.review", "risks.accept"];
const checklist = `      checks: [{ name: qa, uses: manual, with: { kind: checklist, role: qa, items: [
        { id: basket, text: The basket keeps what was put in, evidence: true },
        { id: print, text: The print view is readable, severity: low } ] } }]`;
const floor = "  waivers: { allowed: both }";
const passes: ManualAnswers = {
  kind: "checklist",
  items: [
    { id: "basket", result: "pass", evidence: ["ticket QA-7"] },
    { id: "print", result: "pass" },
  ],
};

describe.skipIf(browserTool.missing)("with a passkey people sign", () => {
  let lab: PasskeyLab;

  beforeAll(async () => {
    lab = await PasskeyLab.create(browserTool.path, ({ extra }) => {
      extra.set("manual", manual);
    });
    const { plane } = lab;
    await plane.people.add(operator, { name: maria, also: [] });
    for (const right of rights) {
      await plane.people.grant(operator, { name: maria, right, service: null, environment: null });
    }
    const principal = (await import("../src/server/sign-in/token-check.ts")).bootstrap;
    for (const role of ["qa", "security"]) {
      const to = { person: maria };
      const where = { service: null, environment: null };
      await plane.access.assign({ ...operator, principal }, { to, role, ...where });
    }
    await plane.applyDocuments(operator, "t.yaml", documents({ dev: checklist, floor }));
    await plane.createRelease(operator, makeRelease(lab.bench, "1.0.0"));
    await lab.welcome(maria);
    await lab.page.goto(`${lab.url}/passkeys`);
    await lab.page.getByLabel("Name").fill("laptop");
    await button("Add a passkey to sign in").click();
    await lab.page.getByText("It was added.").waitFor();
    await button("Add a passkey to approve").click();
    await lab.page.getByRole("group", { name: "Passkeys to approve" }).waitFor();
    // With a password alone nobody may do more than look.
    await button("Sign out").click();
    await button("Sign in with a passkey").click();
    await lab.page.getByRole("navigation").waitFor();
  }, 120_000);
  afterAll(() => lab?.close());

  const shot = async (name: string) => {
    if (shots !== undefined) {
      await lab.page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
    }
  };
  const text = async () => lab.page.getByRole("main").innerText();
  const button = (name: string) => lab.page.getByRole("button", { name, exact: true });

  /** The command that the page names prints the same challenge. */
  async function sameElsewhere(): Promise<void> {
    const { page } = lab;
    await page.getByText("Compare it on another machine").click();
    const challenge = await page.locator("[data-challenge]").innerText();
    let command = await page.getByLabel("Command").innerText();
    const file = page.getByLabel("File", { exact: true });
    if ((await file.count()) > 0) {
      const answers = join(lab.folder, "answers.json");
      writeFileSync(answers, await file.innerText());
      command = command.replace("answers.json", answers);
    }
    const elsewhere = await runInside(command.split(" ").slice(1), { env: lab.env });
    expect(elsewhere.stderr).toContain(`challenge  ${challenge}`);
  }

  async function credentialOf(name: string): Promise<Credential> {
    const { db } = lab.bench.database;
    const { webauthn } = await db
      .selectFrom("person_keys")
      .innerJoin("ledger_people", "pseudonym", "person_keys.person")
      .select("webauthn")
      .where("ledger_people.person", "=", name)
      .where("webauthn", "is not", null)
      .executeTakeFirstOrThrow();
    return webauthn as Credential;
  }

  /** That a pack verifies offline, and that an independent library takes what the browser signed of this kind. */
  async function expectProven(
    states: string,
    check: string,
    { count, own: mine = 1 }: { readonly count: number; readonly own?: number },
  ): Promise<void> {
    const { plane } = lab;
    const { zip } = await plane.exportPack(operator, {
      kind: "release",
      service: "shop",
      release: "1.0.0",
      seen: [],
    });
    const pack = join(lab.folder, "pack.zip");
    const trust = join(lab.folder, `trust-${check}.json`);
    writeFileSync(pack, zip);
    const words = ["ledger", "trust", "-o", trust, "--operator", "shop"];
    expect((await runInside(words, { env: lab.env })).code).toBe(0);
    const verified = await runInside(["audit", "verify", pack, "--trust", trust, "--json"], {});
    expect(verified.code, verified.stdout.slice(0, 2_000)).toBe(0);
    const report = JSON.parse(verified.stdout) as { checks: { id: string; count: number }[] };
    expect(report.checks.find((one) => one.id === check)).toMatchObject({ count });
    const credential = await credentialOf(maria);
    const own = assertedIn(zip).filter(
      (one) => one.states === states && one.given.webauthn.credentialId === credential.credentialId,
    );
    expect(own.length).toBe(mine);
    for (const { given } of own) await expectTaken(given, credential, lab.url);
  }

  it("the answers to a manual check, which another machine computes alike and packs prove", async () => {
    const { page, plane } = lab;
    const wish = { service: "shop", environment: "dev", release: "1.0.0" };
    const { id } = await plane.promote(operator, wish);
    const view = await asked(plane, id);
    await notTaken(view);
    await page.goto(`${lab.url}/manual-checks`);
    await page.getByText("1 check waits for a person.").waitFor();
    expect(await lab.complaints()).toEqual([]);
    await page.getByRole("link", { name: "qa", exact: true }).click();
    await page.getByRole("heading", { name: "What you sign" }).waitFor();
    expect(await text()).toContain("the item basket has no answer");
    expect(await button("Sign these answers with passkey").isDisabled()).toBe(true);
    await page.getByLabel("Pass").first().check();
    await page.getByText("the item basket passes only with evidence").waitFor();
    await page.getByLabel("What shows it (needed) for basket").fill("ticket QA-7");
    await page.getByLabel("Does not apply").last().check();
    await page.getByLabel("Why (needed) on print").fill("this release has no print view");
    await page.getByText("PASS  basket: The basket keeps what was put in").waitFor();
    expect(await lab.complaints()).toEqual([]);
    await shot("manual-check");
    await sameElsewhere();
    await lab.verifyUser(false);
    await button("Sign these answers with passkey").click();
    await page.getByText("No passkey was used").waitFor();
    await lab.verifyUser(true);
    await button("Sign these answers with passkey").press("Enter");
    await page.getByText("You have answered it, and the first answer stands.").waitFor();
    expect(await text()).toContain("ticket QA-7");
    await shot("manual-answered");
    expect((await ended(plane, id)).state).toBe("complete");
    await expectProven(manualAnswer.type, "answers", { count: 1 });
  }, 90_000);

  /** What does not count of an authenticator that signs whatever it is told. */
  async function notTaken(view: ManualRequestView): Promise<void> {
    const { plane } = lab;
    const kim = await enrolPasskey(plane, "kim@shop.example", ["checks.answer:qa"]);
    const statement = answerStatement(askedOf(view, kim.person), view.form, passes);
    const answer = (bytes: Uint8Array) => plane.checks.answer(view.id, bytes);
    const elsewhere = byPasskey(kim, statement, { origin: "http://evil.example" });
    await expect(answer(elsewhere)).rejects.toThrow("it was made at");
    await expect(answer(byPasskey(kim, statement, { flags: 0x01 }))).rejects.toThrow(
      "not verified",
    );
    await expect(answer(byPasskey(kim, statement, { type: "webauthn.create" }))).rejects.toThrow(
      "no assertion",
    );
    const other = byPasskey(kim, { ...statement, predicateType: "https://tidelock.dev/predicate/approval/v1" }); // prettier-ignore
    await expect(answer(other)).rejects.toThrow("is expected");
    // A key that replaces another one waits, so that its owner hears of it.
    const { passkey, key } = softPasskey();
    await plane.people.add(operator, { name: "kim@shop.example", key, also: [] });
    await expect(answer(byPasskey({ passkey }, statement))).rejects.toThrow(
      "not the person's first",
    );
  }

  it("a broken glass and the review of another, where no other signature and no copy of a key gets through", async () => {
    const { page, plane, bench } = lab;
    const wish = { service: "shop", environment: "production", release: "1.0.0" };
    bench.staged.verdicts = ["fail"];
    bench.staged.report = { results: [{ name: "GET /", verdict: "fail", message: "500" }] };
    const failed = await plane.promote(operator, wish);
    expect((await ended(plane, failed.id)).state).toBe("failed");
    const of = {
      reason: "orders are lost",
      expiresMs: 3_600_000,
      scope: "all",
      checks: [],
    } as const;
    const open = () => plane.breakGlass.openFor(operator, failed.id, { ...of, checks: [] });
    const glass = await open();
    const [ann, bob] = await Promise.all(
      ["ann@shop.example", "bob@shop.example"].map((name) =>
        enrolPasskey(plane, name, ["break-glass.sign", "break-glass.review"]),
      ),
    );
    if (!ann || !bob) throw new Error("nobody");
    const said = (view: BreakGlassView, { person }: PasskeyPerson) =>
      glassStatement(view, { purpose: "break-glass", person });
    const sign = (view: BreakGlassView, bytes: Uint8Array) => plane.breakGlass.sign(view.id, bytes);
    const signed = byPasskey(ann, said(glass, ann), { signCount: 5 });
    // Of one purpose is of no other, and of one glass of no other.
    await expect(plane.breakGlass.review(glass.id, signed)).rejects.toThrow("nobody went through");
    const other = byPasskey(ann, { ...said(glass, ann), predicateType: manualAnswer.type });
    await expect(sign(glass, other)).rejects.toThrow("is expected");
    await sign(glass, signed);
    const second = await open();
    await expect(sign(second, signed)).rejects.toThrow("signed for another glass");
    const copied = byPasskey(ann, said(second, ann), { signCount: 5 });
    await expect(sign(second, copied)).rejects.toThrow("somebody has a copy of it");

    await page.goto(`${lab.url}/break-glass`);
    await page.getByRole("main").getByRole("link", { name: glass.id, exact: true }).click();
    await page.getByText("I BREAK THE GLASS for shop 1.0.0 in production").waitFor();
    expect(await text()).toContain("check smoke");
    expect(await lab.complaints()).toEqual([]);
    await shot("break-glass");
    await sameElsewhere();
    await button("Break the glass with passkey").click();
    await page.getByText("You have signed it.").waitFor();
    expect((await plane.breakGlass.show(glass.id)).signatures.length).toBe(2);
    await plane.breakGlass.withdraw(operator, glass.id, "another one is used");

    await sign(second, byPasskey(ann, said(second, ann), { signCount: 6 }));
    await sign(second, byPasskey(bob, said(second, bob)));
    bench.staged.verdicts = ["fail"];
    const { id } = await plane.promote(operator, wish);
    expect((await ended(plane, id)).decision).toMatchObject({ outcome: "break-glass" });
    await page.goto(`${lab.url}/break-glass/${second.id}`);
    await page.getByText("I have REVIEWED").waitFor();
    expect(await button("Sign the review with passkey").isDisabled()).toBe(true);
    await page.getByLabel("It was not justified").check();
    await page.getByLabel("What you found").fill("the check was right");
    await page.getByText("in production went past its gate: it was NOT justified").waitFor();
    expect(await lab.complaints()).toEqual([]);
    await shot("glass-review");
    await button("Sign the review with passkey").click();
    await page.getByText("You have reviewed it.").waitFor();
    expect((await plane.breakGlass.show(second.id)).state).toBe("reviewed");
    await expectProven(glassPredicate.type, "break-glass", { count: 5, own: 2 });
  }, 90_000);

  it("an accepted risk as the second of two, and no signature of another kind is one", async () => {
    const { page, plane } = lab;
    const view = await plane.waivers.propose(operator, {
      service: "shop",
      environment: "production",
      of: { kind: "check", check: "smoke", verdicts: ["fail"] },
      reason: "no way around it yet",
      control: "a rule of the firewall",
      owner: "maria",
      until: new Date(Date.now() + 86_400_000).toISOString(),
    });
    const eve = await enrolPasskey(plane, "eve@shop.example", ["risks.accept", "break-glass.sign"]);
    const consent = waiverStatement(view.waived, eve.person);
    const sign = (bytes: Uint8Array) => plane.waivers.sign(operator, view.id, bytes);
    const other = byPasskey(eve, { ...consent, predicateType: glassPredicate.type });
    await expect(sign(other)).rejects.toThrow("is expected");
    await sign(byPasskey(eve, consent, { signCount: 3 }));
    await page.goto(`${lab.url}/waivers/${view.id}`);
    await page.getByText("I accept that the check smoke says fail").waitFor();
    expect(await lab.complaints()).toEqual([]);
    await shot("waiver");
    await sameElsewhere();
    await button("Accept the risk with passkey").click();
    await page.getByText("It counts once two different people have.").waitFor();
    const signed = await plane.waivers.show(view.id);
    expect(signed.signatures.map(({ name }) => name)).toEqual(["eve@shop.example", maria]);
    expect(signed.state).toBe("in-force");
    expect(lab.offences).toEqual([]);
  }, 60_000);
});
