import { mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hotp, stepOf } from "../src/identity/accounts/totp.ts";
import { runCli } from "./fixtures/run-cli.ts";
import { needsTool } from "./support/optional.ts";
import { PasskeyLab } from "./support/passkey-lab.ts";

/** The first administrator in a real browser: from the link that a server prints to a terminal that is let in. */

const browserTool = needsTool("chromium");
const max = "max@shop.example";
const password = "seven grey herons fishing";
const shots = process.env["TIDELOCK_TEST_SHOTS"];

describe.skipIf(browserTool.missing)("an account in a real browser", () => {
  let lab: PasskeyLab;
  let secret = "";
  let recovery: readonly string[] = [];

  beforeAll(async () => {
    lab = await PasskeyLab.create(browserTool.path);
  }, 120_000);
  afterAll(() => lab?.close());

  const shot = async (name: string) => {
    if (shots !== undefined) {
      await lab.page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
    }
  };
  const text = async () => lab.page.locator("main").innerText();
  const button = (name: string) => lab.page.getByRole("button", { name, exact: true });
  /** `ahead` steps after the one before now: each counts once. */
  const code = (ahead: number) => {
    const bits = [...secret.replaceAll(" ", "")]
      .map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter))
      .map((value) => value.toString(2).padStart(5, "0"))
      .join("");
    const bytes = (bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2));
    return hotp(Buffer.from(bytes), stepOf(Date.now()) - 1 + ahead);
  };

  it("begins with the link that the server prints, whose secret leaves the address at once", async () => {
    const { page } = lab;
    const link = await lab.plane.accounts.firstLink();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(`${lab.url}/welcome#${link ?? ""}`);
    await page.getByLabel("Your name").waitFor();
    expect(page.url()).toBe(`${lab.url}/welcome`);
    expect(asked.filter((url) => url.includes(link ?? "?"))).toEqual([]);
    expect(await lab.complaints()).toEqual([]);
    await shot("welcome");
    await page.getByLabel("Your name").fill(max);
    await page.getByLabel("Password").fill("max-shop-2026");
    await page.getByLabel("The same again").fill("max-shop-2026");
    await button("Sign up").click();
    await page.getByText("this password is not taken").waitFor();
    await page.getByLabel("Password").fill(password);
    await page.getByLabel("The same again").fill(password);
    await button("Sign up").click();
    await page.locator("code.key").waitFor();
    expect(await lab.complaints()).toEqual([]);
    await shot("second-factor");
  }, 60_000);

  it("sets up an authenticator app, and the first token has ended", async () => {
    const { page } = lab;
    secret = await page.locator("code.key").innerText();
    await page.getByLabel("Code that the app shows").fill(code(0));
    await button("Set up").click();
    await page.locator(".codes code").first().waitFor();
    recovery = await page.locator(".codes code").allInnerTexts();
    expect(recovery).toHaveLength(10);
    expect(await lab.complaints()).toEqual([]);
    await shot("recovery-codes");
    await button("I have kept them").click();
    await page.getByRole("navigation").waitFor();
    const old = await fetch(`${lab.url}/api/v1/server`, {
      headers: { authorization: `Bearer ${lab.token}` },
    });
    expect(old.status).toBe(401);
    // No script of a page can read who is signed in here.
    expect(await page.evaluate("document.cookie")).toBe("");
  }, 60_000);

  it("signs out and in again, with a code that counts once", async () => {
    const { page } = lab;
    await button("Sign out").click();
    await page.getByLabel("Name").fill(max);
    expect(await lab.complaints()).toEqual([]);
    await shot("sign-in");
    await page.getByLabel("Password").fill(password);
    await page.getByLabel("Code").fill(code(0));
    await button("Sign in").click();
    await page.getByText("name, password or code is not right").waitFor();
    await page.getByLabel("Code").fill(code(1));
    // By the keyboard alone.
    await page.getByLabel("Code").press("Enter");
    await page.getByRole("navigation").waitFor();
  }, 60_000);

  it("sees where it is signed in, and lets a terminal in that asked for it", async () => {
    const { page } = lab;
    const config = join(lab.folder, "config");
    mkdirSync(config);
    const env = { TIDELOCK_URL: lab.url, TIDELOCK_CONFIG: join(config, "config.json") };
    let shown = "";
    const login = runCli(["login"], { env, onOutput: (_child, said) => (shown = said) });
    await expect.poll(() => shown, { timeout: 20_000 }).toMatch(/[A-Z]{4}-[A-Z]{4}/);
    const typed = /[A-Z]{4}-[A-Z]{4}/.exec(shown)?.[0] ?? "";
    await page.goto(`${lab.url}/connect`);
    await page.getByLabel("Code that your terminal shows").fill(typed.toLowerCase());
    await button("Go on").click();
    await button("Yes, it is mine").waitFor();
    expect(await lab.complaints()).toEqual([]);
    await shot("connect");
    await button("Yes, it is mine").click();
    await page.getByText("the terminal is signed in as you").waitFor();
    const { code: exit, stderr } = await login;
    expect([exit, stderr]).toEqual([0, expect.stringContaining(`signed in as ${max}`)]);
    const file = join(config, "logins.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const who = await runCli(["access", "whoami", "-o", "json"], { env });
    expect(JSON.parse(who.stdout)).toMatchObject({ kind: "session", id: max });

    await page.getByRole("link", { name: "Account" }).click();
    await page.getByRole("group", { name: "Devices" }).waitFor();
    expect(await text()).toContain("10 recovery codes are left");
    await expect.poll(text).toContain("tidelock");
    expect(await lab.complaints()).toEqual([]);
    await shot("account");
    const out = await runCli(["logout"], { env });
    expect(out.code).toBe(0);
    expect(readFileSync(file, "utf8")).not.toContain("tidelock_session_");
    expect((await runCli(["access", "whoami"], { env })).code).toBe(4);
    await button("Sign out everywhere").click();
    await page.getByText("You are signed out everywhere").waitFor();
    await page.reload();
    await page.getByLabel("Password").waitFor();
  }, 120_000);

  it("was asked for by nothing but this server, and complained of nothing", () => {
    expect(lab.offences).toEqual([]);
  });
});
