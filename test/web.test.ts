import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { DeploymentView, LaneView, PromotionView, TraceView } from "../src/api/views.ts";
import type { ManualRequestView } from "../src/api/routes/manual.ts";
import { ManualForm } from "../src/model/manual-check.ts";
import { readStaticFiles, type StaticFiles } from "../src/server/files/static-files.ts";
import { FakeControlPlane } from "./fixtures/fake-control-plane.ts";
import { type FakeServer, startFakeServer } from "./fixtures/fake-server.ts";
import { isRoot, needsTool } from "./support/optional.ts";

const root = join(import.meta.dirname, "..");
const browserTool = needsTool("chromium");
/** Two cores and a browser: what happens at once may take a while here. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 15_000 });
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const at = "2026-01-01T12:00:00.000Z";

function lane(
  service: string,
  environment: string,
  order: number,
  version: string | null,
): LaneView {
  const tier = environment;
  const release = version === null ? null : { id: digest("a"), version };
  const blue = { release, configuration: 1, state: "ready" as const, message: "", instances: [] };
  const green = { ...blue, release: null, configuration: null, state: "empty" as const };
  return {
    service,
    environment,
    tier,
    order,
    address: `http://127.0.0.1:808${order}`,
    colours: [
      { ...blue, colour: "blue", live: version !== null },
      { ...green, colour: "green", live: false },
    ],
    live: release === null ? null : { ...release, colour: "blue", since: at },
    rollbackUntil: null,
    lastGood: null,
    current: null,
    queued: 0,
  };
}

type Run = PromotionView["checks"][number];
type Observation = NonNullable<NonNullable<Run["report"]>["observations"]>[number];

/** What a hostile service, tool or scanned file can bring into a report. */
const hostile = {
  markup: `<img src=x onerror="document.title='owned'"><script>document.title="owned"</script>`,
  reordered: "user\u202E \u2066// admin\u2069 \u2066",
  colours: "\u001B[2J\u001B[31mall good\u001B[0m\u0007",
  long: `${"x".repeat(10_000)}the end`,
};

function run(name: string, report: Partial<NonNullable<Run["report"]>>, attempt = 1): Run {
  return {
    id: `p1/4/${name}/${attempt}`,
    name,
    uses: name,
    phase: "deployed",
    startedAt: at,
    endedAt: "2026-01-01T12:00:07.500Z",
    report: {
      verdict: "fail",
      summary: "2 hits at high or worse, of 1 critical, 1 high",
      exercised: { requests: 412, assertions: 3, files: 0, routes: 17, identities: 2 },
      tools: { "tidelock-dast": "1.0.0" },
      results: [],
      ...report,
    },
  };
}

function asked(
  promotion: string,
  check: string,
  form: Record<string, unknown> & { readonly kind: string },
): ManualRequestView {
  const both = { role: "qa", validFor: 604_800_000, answerWithin: 3_600_000, reuse: "same" };
  return {
    id: "3".repeat(32),
    run: `${promotion}/4/${check}/1`,
    promotion,
    check,
    role: "qa",
    service: "shop",
    environment: "production",
    colour: "green",
    release: { id: digest("a"), version: "1.5.0" },
    configuration: digest("d"),
    plan: digest("e"),
    ledger: "tidelock/x",
    form: ManualForm.parse({ ...both, ...form }),
    formDigest: digest("f"),
    state: "open",
    askedAt: at,
    answerUntil: "2026-01-02T12:00:00.000Z",
    begunAt: null,
    holders: ["sam@shop.example"],
    addresses: [],
    answer: null,
  };
}

/** With something on every page. */
class ShownControlPlane extends FakeControlPlane {
  runs: Run[] = [];

  override async showPromotion(id: string): Promise<PromotionView> {
    return { ...(await super.showPromotion(id)), checks: this.runs };
  }

  override lanes = [
    lane("shop", "production", 1, "1.4.2"),
    lane("shop", "testing", 0, "1.5.0"),
    lane("mail", "testing", 0, null),
  ];

  override async trace(revision: string): Promise<TraceView[]> {
    if (!"abcdef1234567890".startsWith(revision)) return [];
    const environments = [
      { environment: "testing", live: false, first: at, until: at },
      { environment: "production", live: true, first: at, until: null },
    ];
    return [
      {
        revision: "abcdef1234567890",
        subject: "Fix the <b>cart</b>",
        author: "Someone",
        at,
        releases: [{ id: digest("a"), service: "shop", version: "1.4.2", environments }],
      },
    ];
  }

  override async listDeployments(filter: { at?: string } = {}): Promise<DeploymentView[]> {
    const item: DeploymentView = {
      id: "1",
      service: "shop",
      environment: "production",
      release: { id: digest("a"), version: "1.4.2" },
      configuration: 3,
      colour: "blue",
      promotion: "p1",
      kind: "promotion",
      from: at,
      until: null,
      by: "operator",
    };
    return filter.at !== undefined && filter.at < at ? [] : [item];
  }
}

function everythingShown(): Run[] {
  const observation = (place: Observation["place"], change: Partial<Observation>) => ({
    rule: "object-access",
    severity: "critical" as const,
    severityStated: true,
    title: "Another user's order",
    message: "",
    place,
    cwe: [639],
    aliases: [],
    suppressed: false,
    unchanged: false,
    ...change,
  });
  const route = { kind: "http", method: "GET", route: "/orders/{id}", parameter: "id" } as const;
  const file = { kind: "file", path: "src/a.js", line: 7 } as const;
  const library = { kind: "package", name: "lodash", version: "4.17.0" } as const;
  const attack = run("attack", {
    identity: {
      before: "bound",
      during: "bound",
      after: "none",
      proofs: 3,
      looks: 12,
      restarts: ["web-0 was started again from the same digest (pid 7, then 9)"],
      contradiction: "port 41234 is answered by another process than the release's",
    },
    data: { program: `/usr/bin/scanner sha256:${"a".repeat(64)}` },
    results: [{ name: "crawl", verdict: "pass", message: "17 routes" }],
    counts: { critical: 1, high: 2 },
    observations: [
      observation(route, {}),
      observation(file, { severity: "high", suppressed: true }),
      observation(library, { severity: "high", aliases: ["CVE-2021-23337"], fixedIn: "4.17.21" }),
    ],
    suppressions: [{ path: "src/a.js", line: 6, tool: "semgrep", text: "nosemgrep" }],
    raw: { format: "sarif", digest: digest("d"), bytes: 2, truncated: false },
  });
  const lint = run("lint", { verdict: "pass", summary: "no hit" });
  return [
    { ...attack, id: "p1/5/scan/1", name: "attack" },
    { ...lint, phase: "static" },
  ];
}

function hostileRun(text: string): Run {
  const cut = text.slice(0, 4_000);
  return run("attack", {
    summary: text,
    tools: { [cut]: text },
    data: { program: text },
    results: [{ name: text, verdict: "fail", message: text }],
    identity: {
      before: "none",
      during: "none",
      after: "none",
      proofs: 0,
      looks: 0,
      restarts: [text],
      contradiction: text,
    },
    counts: { high: 1 },
    observations: [
      {
        rule: cut.slice(0, 500),
        severity: "high",
        severityStated: true,
        title: cut.slice(0, 500),
        message: cut,
        place: { kind: "file", path: cut.slice(0, 1_000) },
        cwe: [],
        aliases: [cut.slice(0, 120)],
        suppressed: false,
        unchanged: false,
      },
    ],
    suppressions: [{ path: cut.slice(0, 1_000), tool: "semgrep", text: cut.slice(0, 500) }],
    raw: { format: cut.slice(0, 100), digest: digest("d"), bytes: text.length, truncated: true },
  });
}

describe.skipIf(browserTool.missing)("the dashboard", () => {
  let files: StaticFiles | null;
  let folder: string;
  let browser: Browser;
  let server: FakeServer;
  let controlPlane: ShownControlPlane;
  let page: Page;
  /** What the page must not do: ask anybody else, break its security policy, throw. */
  let offences: string[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "tidelock-web-"));
    const vite = join(root, "node_modules", ".bin", "vite");
    const args = [
      "build",
      join(root, "web"),
      "--outDir",
      folder,
      "--emptyOutDir",
      "--logLevel",
      "error",
    ];
    execFileSync(process.execPath, [vite, ...args], { cwd: root, stdio: "pipe" });
    files = readStaticFiles(folder);
    browser = await chromium.launch({
      executablePath: browserTool.path,
      args: isRoot ? ["--no-sandbox"] : [],
    });
  });

  afterAll(async () => {
    await browser?.close();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    controlPlane = new ShownControlPlane();
    server = await startFakeServer({ controlPlane, files });
    offences = [];
    page = await (await browser.newContext()).newPage();
    page.on("request", (request) => {
      if (!request.url().startsWith(server.url)) offences.push(`asked ${request.url()}`);
    });
    page.on("pageerror", (error) => offences.push(error.message));
    page.on("console", (message) => {
      // Answers of 4xx and lost connections are part of the tests.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
        offences.push(message.text());
      }
    });
  });

  afterEach(async () => {
    await page.context().close();
    await server.close();
    expect(offences).toEqual([]);
  });

  async function signIn(path = "/"): Promise<void> {
    await page.goto(server.url + path);
    await page.getByLabel("Token").fill(server.token);
    await page.getByRole("button", { name: "Use this token" }).click();
    await page.getByRole("navigation").waitFor();
  }

  async function promote(): Promise<string> {
    const release = controlPlane.releases[0] ?? (await makeRelease());
    const operator = { id: "operator" };
    const wanted = { service: "shop", release: release.version, environment: "production" };
    return (await controlPlane.promote(operator, wanted)).id;
  }

  const makeRelease = () =>
    controlPlane.createRelease(
      { id: "operator" },
      {
        kind: "Release",
        formatVersion: 1,
        service: "shop",
        version: "1.5.0",
        artifacts: [{ name: "tree", digest: digest("c"), size: 1, mediaType: "x" }],
        source: { kind: "none" },
        build: { kind: "finished" },
        configuration: [],
      },
    );

  it("asks for the token, refuses a wrong one, and keeps the right one for this tab only", async () => {
    await page.goto(`${server.url}/deployments`);
    await page.getByLabel("Token").fill("wrong");
    await page.getByRole("button", { name: "Use this token" }).click();
    await eventually(() => page.getByRole("alert").innerText()).toContain("token is not valid");
    await page.getByLabel("Token").fill(server.token);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Deployments" }).waitFor();
    expect(await page.evaluate("[localStorage.length, document.cookie]")).toEqual([0, ""]);
    const other = await page.context().newPage();
    await other.goto(server.url);
    await other.getByLabel("Token").waitFor();
  });

  it("shows each service in each environment: version, colour, latest attempt", async () => {
    controlPlane.ending = "failed";
    await promote();
    await signIn();
    const headings = await page.getByRole("columnheader").allInnerTexts();
    expect(headings).toEqual(["Service", "testing", "production"]);
    const shop = page.getByRole("row", { name: /^shop/ });
    await expect
      .poll(() => shop.innerText())
      .toMatch(/1\.4\.2\s+blue[^]*failed\s*promotion of 1\.5\.0/);
    const mail = await page.getByRole("row", { name: /^mail/ }).innerText();
    expect(mail).toContain("nothing live");
    expect(mail).toContain("not in its pipeline");
    await page.getByLabel("Filter services").fill("mai");
    await eventually(() => shop.count()).toBe(0);
  });

  it("shows what people are asked and have answered, whatever stands in it, and signs nothing", async () => {
    controlPlane.ending = "never";
    const id = await promote();
    const open = asked(id, "expert", {
      kind: "session",
      charter: "Break the checkout",
      timeBox: 7_200_000,
      atLeast: 0,
      areas: [],
      passive: false,
    });
    const items = ["basket", "print"].map((name) => ({
      id: name,
      text: `The ${name} works ${hostile.markup}`,
      severity: "high" as const,
      evidence: false,
      comment: false,
      notApplicable: true,
    }));
    const answered: ManualRequestView = {
      ...asked(id, "qa", { kind: "checklist", items }),
      id: "4".repeat(32),
      state: "answered",
      answer: {
        person: `person:${"a".repeat(32)}`,
        name: "maria@shop.example",
        key: digest("b"),
        digest: digest("c"),
        answeredAt: at,
        validUntil: "2026-01-08T12:00:00.000Z",
        separation: "who wrote the release is not known",
        reuses: null,
        answers: {
          kind: "checklist",
          items: [
            { id: "basket", result: "fail", comment: hostile.markup },
            { id: "print", result: "not-applicable", comment: "there is none" },
          ],
        },
      },
    };
    controlPlane.checks.asked = async () => [open, answered];
    await signIn(`/promotions/${id}`);
    const people = page.getByRole("region", { name: "People" });
    await eventually(() => people.innerText()).toContain("sam@shop.example may answer");
    expect(await people.innerText()).toContain(`tidelock check begin ${"3".repeat(12)}`);
    await people.getByText("qa", { exact: true }).click();
    const said = await people.innerText();
    expect(said).toContain("who wrote the release is not known");
    expect(said).toContain("not applicable");
    // Markup is text.
    expect(said).toContain("<img src=x");
    expect(await people.getByRole("button").count()).toBe(0);
    expect(await axe("people")).toEqual([]);
  });

  it("follows a promotion as it happens, without being asked", async () => {
    await signIn();
    controlPlane.stepMs = 700;
    const id = await promote();
    await page.goto(`${server.url}/promotions/${id}`);
    await page.getByRole("heading", { name: "shop@1.5.0 to production" }).waitFor();
    await eventually(() => page.locator(".facts").innerText()).toContain("running");
    const done = () => page.locator("table .badge.good").count();
    await eventually(() => page.locator(".facts").innerText()).toContain("complete");
    await eventually(done).toBe(3);
  });

  it("shows why a gate said no", async () => {
    controlPlane.ending = "denied";
    const id = await promote();
    await signIn(`/promotions/${id}`);
    const decision = page.getByRole("region", { name: "Decision" });
    await eventually(() => decision.innerText()).toContain("smoke did not pass");
    expect(await decision.innerText()).toMatch(
      /deny[^]*isolation none, identity bound, governance solo/,
    );
  });

  it("shows what a check's verdict is worth: exercised, whom it tested, tools, hits, what asked for silence", async () => {
    controlPlane.runs = everythingShown();
    const id = await promote();
    await signIn(`/promotions/${id}`);
    const dast = page.locator("details.check", { hasText: "attack" }).first();
    await dast.waitFor();
    const text = await dast.innerText();
    expect(text).toContain("412 requests, 3 assertions, 17 routes, 2 identities");
    expect(text).toContain("bound before, bound while it ran, none after it");
    expect(text).toContain("Void: port 41234 is answered by another process");
    expect(text).toContain("web-0 was started again from the same digest");
    expect(text).toContain("tidelock-dast 1.0.0");
    expect(text).toContain(`/usr/bin/scanner sha256:${"a".repeat(64)}`);
    const hits = await dast.getByRole("table", { name: "3 hits" }).getByRole("row").allInnerTexts();
    expect(hits[1]).toMatch(/critical\s+GET \/orders\/\{id\} \(id\)\s+Another user's order/);
    expect(hits[2]).toMatch(/asked to be overlooked\s+src\/a\.js:7/);
    await dast.getByText("1 request to look away, none granted").click();
    expect(await dast.innerText()).toMatch(/src\/a\.js:6 semgrep: nosemgrep/);
    await dast.getByText("Raw report (sarif, 2 bytes)").click();
    const raw = dast.getByRole("group", { name: "raw report of attack" });
    await eventually(() => raw.innerText()).toBe("{}");
    expect(await dast.innerText()).toContain("tidelock check show p1 attack --raw");
    // One that passed is closed, and opens by the keyboard.
    const lint = page.locator("details.check", { hasText: "lint" });
    expect(await lint.getAttribute("open")).toBeNull();
    await lint.locator("summary").first().focus();
    await page.keyboard.press("Enter");
    expect(await lint.getAttribute("open")).not.toBeNull();
  });

  it.each([1_280, 400])(
    "shows whatever a service or a tool wrote as harmless text, %i pixels wide",
    async (width) => {
      const everywhere = Object.values(hostile).join(" ");
      const raw = `${hostile.colours}\n\t${hostile.reordered}\n${hostile.markup}\n${hostile.long}`;
      controlPlane.checks.raw = async () => ({
        run: "p1/4/attack/1",
        format: "sarif",
        digest: digest("d"),
        bytes: raw.length,
        truncated: true,
        content: Buffer.from(raw).toString("base64"),
      });
      controlPlane.runs = [hostileRun(everywhere)];
      await page.setViewportSize({ width, height: 900 });
      const id = await promote();
      await signIn(`/promotions/${id}`);
      const check = page.locator("details.check");
      await check.getByText("Raw report").click();
      const shown = check.getByRole("group", { name: "raw report of attack" });
      await shown.waitFor();
      // Lines stay lines; nothing that moves a cursor or turns a line around is left in them.
      expect((await shown.innerText()).split("\n").slice(0, 2)).toEqual([
        "\\x1b[2J\\x1b[31mall good\\x1b[0m\\x07",
        "\tuser\\u202e \\u2066// admin\\u2069 \\u2066",
      ]);
      const text = (await check.textContent()) ?? "";
      // oxlint-disable-next-line no-control-regex -- these are what must not be there
      expect(text).not.toMatch(/[\u0000-\u0008\u000B-\u001F\u007F\u202A-\u202E\u2066-\u2069]/);
      expect(text).toContain("<script>");
      expect(await check.locator("img, script").count()).toBe(0);
      expect(await page.title()).not.toBe("owned");
      expect(text).toContain("more characters");
      // It pushes nothing out of sight: what is too wide scrolls by itself.
      const wide = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth",
      );
      expect(wide).toBe(0);
    },
  );

  it("aborts only after a question", async () => {
    controlPlane.ending = "never";
    const id = await promote();
    await signIn(`/promotions/${id}`);
    await page.getByRole("button", { name: "Abort…" }).click();
    await page.getByRole("button", { name: "Leave it" }).click();
    expect((await controlPlane.showPromotion(id)).state).not.toBe("aborted");
    await page.getByRole("button", { name: "Abort…" }).click();
    await page.getByRole("button", { name: "Abort it" }).click();
    await eventually(() => page.locator(".facts").innerText()).toContain("aborted");
    expect((await controlPlane.showPromotion(id)).state).toBe("aborted");
  });

  it("shows on the board what is held or banned, until when and why, as plain text", async () => {
    const held = lane("shop", "production", 1, "1.4.2");
    const ban = { id: "S-2", reason: hostile.markup, by: "maria", since: at };
    const because = ["the freeze xmas of ops holds (few people)", hostile.reordered];
    controlPlane.lanes = [
      {
        ...held,
        live: held.live && { ...held.live, banned: ban },
        goes: { open: false, until: null, because },
      },
      { ...lane("shop", "testing", 0, "1.5.0"), goes: { open: true, until: at, because: [] } },
    ];
    await signIn();
    const row = page.getByRole("row", { name: /^shop/ });
    await eventually(() => row.innerText()).toContain("banned");
    const text = await row.innerText();
    expect(text).toContain("<img src=x onerror=");
    expect(text).toContain("S-2, by maria");
    expect(text).toContain("no release may go there");
    expect(text).toContain("the freeze xmas of ops holds (few people)");
    expect(text).toContain("\\u202e");
    expect(text).toContain("releases may go until");
    expect(await page.title()).not.toContain("owned");
  });

  it("says since when it is stale while the server is away, and is live again by itself", async () => {
    await signIn();
    const header = page.getByRole("banner");
    await eventually(() => header.innerText()).toContain("live");
    await server.close();
    const stale = page.getByText(/Stale since \d/);
    await stale.waitFor();
    expect(await header.innerText()).toContain("stale");
    // What was seen stays.
    expect(await page.getByRole("row", { name: /^shop/ }).innerText()).toContain("1.4.2");
    controlPlane.lanes = [lane("shop", "production", 1, "1.6.0")];
    server = await startFakeServer({ controlPlane, files, token: server.token }, server.port);
    await eventually(() => header.innerText()).toContain("live");
    expect(await stale.count()).toBe(0);
    await expect
      .poll(() => page.getByRole("row", { name: /^shop/ }).innerText())
      .toContain("1.6.0");
  });

  it("goes back to the sign-in when the token stops being valid", async () => {
    await signIn();
    await server.close();
    server = await startFakeServer({ controlPlane, files }, server.port);
    await page.getByText("Your token is not valid any more").waitFor({ timeout: 15_000 });
    await page.getByLabel("Token").waitFor();
  });

  it("traces a commit to its releases and environments, and shows hostile text as text", async () => {
    await signIn("/commits");
    await page.getByLabel("Revision").fill("ABCDEF1");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Fix the <b>cart</b>" }).waitFor();
    expect(page.url()).toContain("revision=abcdef1");
    const rows = await page.getByRole("row").allInnerTexts();
    expect(rows.map((row) => row.split(/\s/, 1)[0])).toEqual([
      "Environment",
      "testing",
      "production",
    ]);
    expect(rows[2]).toContain("live");
    await page.goto(`${server.url}/commits?revision=1234567`);
    await page.getByText("No release carries a commit that begins with 1234567").waitFor();
  });

  it("says what ran at a moment", async () => {
    await signIn("/deployments");
    await page.getByRole("cell", { name: "still live" }).waitFor();
    await page.getByLabel("Running at").fill("2025-06-01T12:00:00");
    await page.getByRole("button", { name: "Show" }).click();
    await page.getByText("Nothing ran then.").waitFor();
    expect(new URL(page.url()).searchParams.get("at")).toContain("2025-06-01T");
    await page.reload();
    await page.getByText("Nothing ran then.").waitFor();
  });

  it("works from the keyboard alone", async () => {
    await page.goto(server.url);
    await page.getByLabel("Token").waitFor();
    const named = () => page.evaluate("document.activeElement.getAttribute('name')");
    // What most people sign in with stands before it.
    for (let steps = 0; (await named()) !== "token" && steps < 20; steps += 1) {
      await page.keyboard.press("Tab");
    }
    await page.keyboard.type(server.token);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Environments" }).waitFor();
    const focused = () => page.evaluate("document.activeElement.textContent");
    // The heading has the focus; the pages stand before it.
    for (let steps = 0; (await focused()) !== "Commits" && steps < 20; steps += 1) {
      await page.keyboard.press("Shift+Tab");
    }
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Commits" }).waitFor();
    expect(await page.evaluate("document.activeElement.tagName")).toBe("H1");
  });

  it.each(["light", "dark"] as const)(
    "has nothing that axe complains of, in %s",
    async (colorScheme) => {
      controlPlane.ending = "denied";
      controlPlane.runs = everythingShown();
      const id = await promote();
      await page.emulateMedia({ colorScheme });
      await page.goto(server.url);
      await page.getByLabel("Token").waitFor();
      const complaints: string[] = await axe("sign-in");
      await signIn();
      const pages = [
        "/",
        "/promotions",
        `/promotions/${id}`,
        "/deployments",
        "/commits?revision=abcdef1",
      ];
      for (const path of pages) {
        await page.goto(server.url + path);
        await page.locator("main table").first().waitFor();
        complaints.push(...(await axe(path)));
      }
      expect(complaints).toEqual([]);
    },
  );

  async function axe(path: string): Promise<string[]> {
    const source = readFileSync(createRequire(import.meta.url).resolve("axe-core"), "utf8");
    await page.evaluate(source);
    const found: unknown = await page.evaluate(
      "axe.run().then(({ violations }) => violations.map((one) => one.id + ': ' + one.nodes[0].html))",
    );
    return (found as string[]).map((complaint) => `${path}: ${complaint}`);
  }
});
