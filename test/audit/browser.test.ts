import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makePack } from "../../src/audit/write-pack.ts";
import { toBase64 } from "../../src/ledger/bytes.ts";
import { AuditStory, trustRoot } from "../support/audit-story.ts";
import { isRoot, needsTool } from "../support/optional.ts";
import { type Answered, type Asked, verifyInPage } from "./browser/verify.ts";

/** The whole verification of a pack, decisions made again included, as a web page would do it. */
const browserTool = needsTool("chromium");

let folder: string;
let script: string;
let asked: Asked;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tidelock-audit-browser-"));
  await build({
    configFile: false,
    logLevel: "error",
    root: join(import.meta.dirname, "browser"),
    build: {
      outDir: folder,
      emptyOutDir: false,
      lib: {
        entry: join(import.meta.dirname, "browser", "verify.ts"),
        name: "audit",
        formats: ["iife"],
        fileName: () => "audit.js",
      },
    },
  });
  script = readFileSync(join(folder, "audit.js"), "utf8");
  const story = await AuditStory.tell({ erase: true });
  asked = { pack: toBase64(makePack(await story.content())), trust: trustRoot() };
}, 60_000);

afterAll(async () => rm(folder, { recursive: true, force: true }));

const right = { result: "verified", replayed: 2, promotions: 4, problems: [] };

describe("the verifier of audit packs, bundled for a browser", () => {
  it("imports nothing that only Node has", () => {
    expect(script).not.toMatch(/\brequire\(|(?<!\.)\bimport[\s({"']|from\s*["']node:/);
  });

  it("is what runs here", () => {
    expect(verifyInPage(asked)).toEqual({ node: true, ...right });
  });
});

describe.skipIf(browserTool.missing)("in chromium", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: browserTool.path,
      args: isRoot ? ["--no-sandbox"] : [],
    });
  }, 60_000);
  afterAll(async () => browser?.close());

  async function askPage(question: Asked): Promise<Answered> {
    const page = await (await browser.newContext()).newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await page.addScriptTag({ content: `${script}\nglobalThis.audit = audit;` });
    const answer = await page.evaluate(`audit.verifyInPage(${JSON.stringify(question)})`);
    expect(errors).toEqual([]);
    return answer as Answered;
  }

  it("a pack verifies without Node, and its decisions are made again", async () => {
    expect(await askPage(asked)).toEqual({ node: false, ...right });
  }, 60_000);

  it("a pack in which a decision was turned round does not", async () => {
    const story = await AuditStory.tell({
      tamper: ({ payload }) => ({ ...payload, outcome: "allow" }),
    });
    const pack = toBase64(makePack(await story.content()));
    const answer = await askPage({ pack, trust: trustRoot() });
    expect(answer.result).toBe("failed");
    expect(answer.problems.join("\n")).toContain("it says allow, and from its inputs follows deny");
  }, 60_000);
});
