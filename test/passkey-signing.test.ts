import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ManualRequestView } from "../src/api/routes-manual.ts";
import { manual } from "../src/checks/manual/index.ts";
import { answerStatement, manualAnswer } from "../src/evidence/predicates/manual-answer.ts";
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
  softPasskey,
} from "./support/signed-by-passkey.ts";

/**
 * Whatever people sign, signed with a passkey in a real browser with Chromium's virtual authenticator, over one server with
 * a real database; and what an authenticator that does anything would get past it.
 */

const browserTool = needsTool("chromium");
const maria = "maria@shop.example";
const shots = process.env["TIDELOCK_TEST_SHOTS"];
const rights = ["checks.answer:qa", "break-glass.sign", "risks.accept"];
const checklist = `      checks: [{ name: qa, uses: manual, with: { kind: checklist, role: qa, items: [
        { id: basket, text: The basket keeps what was put in, evidence: true },
        { id: print, text: The print view is readable, severity: low } ] } }]`;
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
    const principal = (await import("../src/server/token-check.ts")).bootstrap;
    for (const role of ["qa", "security"]) {
      const to = { person: maria };
      const where = { service: null, environment: null };
      await plane.access.assign({ ...operator, principal }, { to, role, ...where });
    }
    await plane.applyDocuments(operator, "t.yaml", documents({ dev: checklist }));
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
  async function expectProven(states: string, check: string, count: number): Promise<void> {
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
    expect(own.length).toBe(1);
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
    await expectProven(manualAnswer.type, "answers", 1);
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
});
