import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readStaticFiles, type StaticFiles } from "../src/server/files/static-files.ts";
import { findingView, importView } from "./fixtures/fake-findings.ts";
import { acceptedRisk, waiverView } from "./fixtures/fake-waivers.ts";
import { type FakeServer, startFakeServer } from "./fixtures/fake-server.ts";
import { isRoot, needsTool } from "./support/optional.ts";

const root = join(import.meta.dirname, "..");
const browserTool = needsTool("chromium");
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 15_000 });

/** What a scanned program can bring into every text of a report. */
const hostile = `<img src=x onerror="document.title='owned'">\u202E\u001B[31m${"x".repeat(5_000)}`;

describe.skipIf(browserTool.missing)("the pages of findings", () => {
  let files: StaticFiles | null;
  let folder: string;
  let browser: Browser;
  let server: FakeServer;
  let page: Page;
  let offences: string[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "tidelock-web-"));
    const vite = join(root, "node_modules", ".bin", "vite");
    const words = ["build", join(root, "web"), "--outDir", folder, "--emptyOutDir"];
    execFileSync(process.execPath, [vite, ...words, "--logLevel", "error"], { stdio: "pipe" });
    files = readStaticFiles(folder);
    browser = await chromium.launch({
      executablePath: browserTool.path,
      args: isRoot ? ["--no-sandbox"] : [],
    });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    server = await startFakeServer({ files });
    offences = [];
    page = await (await browser.newContext()).newPage();
    page.on("request", (request) => {
      if (!request.url().startsWith(server.url)) offences.push(`asked ${request.url()}`);
    });
    page.on("pageerror", (error) => offences.push(error.message));
    page.on("console", (message) => {
      const text = message.text();
      // Before anybody has signed in, the page asks who has, and is told that nobody has.
      const asked = text.startsWith("Failed to load resource") && text.includes(" 401 ");
      if (message.type() === "error" && !asked) offences.push(text);
    });
    const { findings } = server.controlPlane;
    findings.items = [
      findingView({ id: "F-1", accepted: [acceptedRisk()] }),
      findingView({ id: "F-2", service: "cart", severity: "critical", severityStated: false }),
      findingView({
        id: "F-3",
        title: hostile.slice(0, 500),
        rule: hostile.slice(0, 500),
        message: hostile.slice(0, 4_000),
        tools: [hostile.slice(0, 100)],
        place: { kind: "file", path: hostile.slice(0, 1_000), line: 3 },
        guidance: [{ title: "here", url: "javascript:document.title='owned'" }],
        due: "2026-01-08T12:00:00.000Z",
        overdue: true,
      }),
    ];
    server.controlPlane.waiverList.push(
      waiverView(),
      waiverView(
        { id: "W-8", state: "proposed", holds: false, since: null, signatures: [] },
        {
          of: {
            kind: "check",
            check: "sast",
            uses: "semgrep",
            demand: `sha256:${"a".repeat(64)}`,
            verdicts: ["fail", "stale"],
            failing: [hostile.slice(0, 900)],
          },
          reason: `<img src=x onerror="document.title='owned'">${"x".repeat(3_000)}`,
          owner: "o".repeat(200),
        },
      ),
    );
    findings.imported.push(importView({ complete: false, missing: hostile.slice(0, 900) }));
  });
  afterEach(async () => {
    await page.context().close();
    await server.close();
    expect(offences).toEqual([]);
  });

  async function open(path: string): Promise<void> {
    await page.goto(server.url + path);
    await page.getByLabel("Token").fill(server.token);
    await page.getByRole("button", { name: "Use this token" }).click();
    await page.getByRole("navigation").waitFor();
  }

  it("keeps the filter of the list in the address, and tells the server what it narrows to", async () => {
    await open("/findings?severityIs=high");
    await page.getByText("2 findings, most urgent first.").waitFor();
    expect(await page.getByText("Narrowed further to severity is high.").count()).toBe(1);
    await page.getByLabel("Service").fill("shop");
    await page.getByLabel("Status").selectOption("any");
    await page.getByRole("button", { name: "Show" }).click();
    await eventually(() => page.url()).toContain("status=any");
    expect(page.url()).toContain("severityIs=high");
    await eventually(() => server.controlPlane.findings.asked.at(-1)).toEqual({
      service: "shop",
      status: "any",
      severityIs: "high",
    });
    await page.getByRole("link", { name: "F-1", exact: true }).click();
    await page.getByRole("heading", { name: "Finding F-1" }).waitFor();
    await page.goBack();
    await eventually(() => page.getByLabel("Status").inputValue()).toBe("any");
  });

  it("shows one finding with its history, what saw it and what to do, and links no foreign scheme", async () => {
    await open("/findings/F-1");
    await page.getByText("opened by trivy").waitFor();
    const text = await page.getByRole("main").innerText();
    for (const part of ["production", "EPSS 2.1 %", "4.17.21", "tidelock/dependency/v1", "1.4.2"]) {
      expect(text).toContain(part);
    }
    const guidance = page.getByRole("link", { name: "CWE-77" });
    expect(await guidance.getAttribute("rel")).toContain("noopener");
    await page.goto(`${server.url}/findings/F-3`);
    await page.getByText("overdue", { exact: true }).waitFor();
    expect(await page.locator('a[href^="javascript"]').count()).toBe(0);
    expect(await page.title()).toBe("Finding F-3 · Tidelock");
    expect(await page.getByRole("main").innerText()).toContain("\\u202e\\x1b[31m");
  });

  it("says where a risk is accepted and until when, and what a waiver is about", async () => {
    await open("/findings");
    await page.getByText("risk accepted in production").waitFor();
    await page.getByLabel("Risk").selectOption("risk-accepted");
    await page.getByRole("button", { name: "Show" }).click();
    await eventually(() => server.controlPlane.findings.asked.at(-1)).toEqual({
      state: "risk-accepted",
    });
    await page.goto(`${server.url}/findings/F-1`);
    await page.getByRole("heading", { name: "Risk accepted" }).waitFor();
    await page.getByRole("link", { name: "W-7" }).click();
    await page.getByRole("heading", { name: "Waiver W-7" }).waitFor();
    await page.getByText("no fix is out").waitFor();
    const text = await page.getByRole("main").innerText();
    for (const part of ["in force", "no fix is out", "blocked at the edge", "alice", "bob"]) {
      expect(text).toContain(part);
    }
    await page.getByRole("link", { name: "Waivers" }).click();
    await page.getByText("2 waivers, the one that ends first is first.").waitFor();
    const list = await page.getByRole("main").innerText();
    expect(list).toContain("proposed, 0 of 2 signed");
    expect(list).toContain("check sast: fail, stale");
    await page.getByRole("link", { name: "W-8" }).click();
    await page.getByText("Nobody has signed it.").waitFor();
  });

  it("leads from each number to the rows that it counts", async () => {
    await open("/findings/metrics");
    await page.getByRole("heading", { name: "Better or worse" }).waitFor();
    const main = await page.getByRole("main").innerText();
    expect(main).toContain("5 of 20: 25.0 %");
    expect(main).toContain("too few to say");
    const late = page.getByRole("row", { name: /past their date/ }).getByRole("link");
    await late.click();
    await eventually(() => server.controlPlane.findings.asked.at(-1)).toEqual({ overdue: true });
    await page.goBack();
    const alone = page
      .getByRole("row", { name: /^trivy/ })
      .getByRole("link", { name: "5", exact: true });
    await alone.click();
    await eventually(() => server.controlPlane.findings.asked.at(-1)).toEqual({
      status: "any",
      onlyBy: "trivy",
    });
  });

  it.each(["light", "dark"] as const)(
    "has nothing that axe complains of, and nothing wider than the window, in %s",
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      const source = readFileSync(createRequire(import.meta.url).resolve("axe-core"), "utf8");
      await open("/findings");
      const paths = [
        "/findings",
        "/findings/F-3",
        "/findings/metrics",
        "/findings/imports?service=shop",
        "/findings/F-1",
        "/waivers",
        "/waivers/W-7",
        "/waivers/W-8",
      ];
      for (const path of paths) {
        await page.goto(server.url + path);
        await page.getByRole("main").getByRole("heading").first().waitFor();
        await page.getByText("Loading…").waitFor({ state: "detached" });
        await page.evaluate(source);
        const complaints = await page.evaluate(
          "axe.run().then(({ violations }) => violations.map((one) => one.id + ': ' + one.nodes[0].html))",
        );
        const wide = await page.evaluate(
          "document.documentElement.scrollWidth - document.documentElement.clientWidth",
        );
        expect([path, complaints, wide]).toEqual([path, [], 0]);
      }
    },
    60_000,
  );
});
