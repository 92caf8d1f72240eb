import { mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import jsqr from "jsqr";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hotp, stepOf } from "../src/identity/accounts/totp.ts";
import { runCli } from "./fixtures/run-cli.ts";
import { bootstrap } from "../src/server/sign-in/token-check.ts";
import { operator } from "./support/engine-bench.ts";
import { needsTool } from "./support/optional.ts";
import { PasskeyLab } from "./support/passkey-lab.ts";

/** The first administrator in a real browser: from the link that a server prints to a terminal that is let in. */

const browserTool = needsTool("chromium");
const max = "max@shop.example";
const password = "seven grey herons fishing";
const shots = process.env["TIDELOCK_TEST_SHOTS"];
/** CommonJS: its types say `default` where Node has the module. */
const readQr = jsqr as unknown as typeof jsqr.default;

function unbase32(text: string): Buffer {
  const bits = [...text]
    .map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter))
    .map((value) => value.toString(2).padStart(5, "0"))
    .join("");
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

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
    return hotp(unbase32(secret.replaceAll(" ", "")), stepOf(Date.now()) - 1 + ahead);
  };
  /** What a QR code on a screenshot says; null: none is found. */
  const scan = async (png: Buffer): Promise<string | null> => {
    const blank = await lab.page.context().newPage();
    // Some browser has to make pixels of a PNG: a page of nobody's, and not the one that drew it.
    const { width, height, data } = (await blank.evaluate(`(async () => {
      const image = new Image();
      image.src = "data:image/png;base64,${png.toString("base64")}";
      await image.decode();
      const { width, height } = image;
      const canvas = new OffscreenCanvas(width, height).getContext("2d");
      canvas.drawImage(image, 0, 0);
      return { width, height, data: [...canvas.getImageData(0, 0, width, height).data] };
    })()`)) as { width: number; height: number; data: number[] };
    await blank.close();
    return readQr(Uint8ClampedArray.from(data), width, height)?.data ?? null;
  };

  it("begins with the link that the server prints, whose secret leaves the address at once", async () => {
    const { page } = lab;
    const link = await lab.plane.accounts.firstLink();
    // One that was cut off; the whole one, pasted into the same tab, is no new page to the browser.
    await page.goto(`${lab.url}/welcome#${"x".repeat(30)}`);
    await page.getByText("this link was used, has ended, or never was one").waitFor();
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
    const uri = await page.getByRole("link", { name: "open it in an app" }).getAttribute("href");
    const drawn = page.getByRole("img", { name: "QR code" });
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      // Read off the screen as a phone would, by a reader that has nothing to do with what drew it.
      expect(await scan(await drawn.screenshot())).toBe(uri);
      expect(await lab.complaints()).toEqual([]);
      await shot(`second-factor-${colorScheme}`);
    }
    await page.emulateMedia({ colorScheme: null });
    const bare = secret.replaceAll(" ", "");
    expect(new URL(uri ?? "").searchParams.get("secret")).toBe(bare);
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await button("Copy the key").click();
    await page.getByText("copied", { exact: true }).waitFor();
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe(bare);
    await page.getByLabel("Code that the app shows").fill(code(0));
    await button("Set up").click();
    await page.locator(".codes code").first().waitFor();
    recovery = await page.locator(".codes code").allInnerTexts();
    expect(recovery).toHaveLength(10);
    // It is set up: there is nothing to go on without.
    expect(await button("Go on without either").count()).toBe(0);
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

  it("has its key in no log and in no table, the ledger's among them, but sealed", async () => {
    const bare = secret.replaceAll(" ", "");
    const bytes = unbase32(bare);
    const spellings = [bare, secret, bytes.toString("hex"), bytes.toString("base64"), "otpauth:"];
    const { db } = lab.worker.engine;
    const { rows } = await sql<{ name: string }>`
      select table_name as name from information_schema.tables
      where table_schema = current_schema() and table_type = 'BASE TABLE'`.execute(db);
    const kept: string[] = [...lab.logged];
    for (const { name } of rows) {
      const { rows: all } = await sql<{ text: string | null }>`
        select string_agg(t::text, '|') as text from ${sql.table(name)} t`.execute(db);
      kept.push(all[0]?.text ?? "");
    }
    const everything = kept.join("\n");
    const finds = (one: string) =>
      everything.toLowerCase().includes(one.toLowerCase()) ||
      // As columns of bytes are printed.
      everything.includes(Buffer.from(one).toString("hex"));
    // The looking finds what is there: who it is, what is kept of the password, and what the ledger says.
    expect([max, "$argon2id$", "account.credential-set"].filter((one) => !finds(one))).toEqual([]);
    expect(spellings.filter(finds)).toEqual([]);
  });

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
    for (const width of [390, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      expect(await lab.complaints()).toEqual([]);
    }
    // Whose clock it is, is said.
    expect(await page.locator("time").first().innerText()).toMatch(/[A-Z]{2,}[+-]?\d*$/);
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

  it("offers an invited colleague a passkey at once, which needs no app", async () => {
    const { page } = lab;
    const invites = { ...operator, principal: bootstrap };
    const { secret: link } = await lab.plane.accounts.makeLink(
      invites,
      "invite",
      "jo@shop.example",
    );
    await page.context().clearCookies();
    await page.goto(`${lab.url}/welcome#${link}`);
    await page.getByLabel("Password").fill(password);
    await page.getByLabel("The same again").fill(password);
    await button("Sign up").click();
    await button("Use a passkey instead").waitFor();
    expect(await lab.complaints()).toEqual([]);
    await shot("second-factor-passkey");
    await button("Use a passkey instead").click();
    await page.getByLabel("Name").fill("laptop");
    // No role yet: the page says so, and not that the server is away.
    await page.getByText("No role lets you see anything here yet").waitFor();
    await button("Add a passkey to sign in").click();
    await page.getByText("counts from your next sign-in with it on").waitFor();
    await button("Sign out").click();
    await button("Sign in with a passkey").click();
    await page.getByRole("navigation").waitFor();
    await page.goto(`${lab.url}/account`);
    await page.getByText("not needed: you signed in with a passkey").waitFor();
    await shot("account-passkey");
  }, 60_000);
});
