import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toBase64 } from "../../src/ledger/bytes.ts";
import { cosign } from "../../src/ledger/cosignature.ts";
import {
  formatNote,
  formatVerifierKey,
  mergeSignatures,
  noteKeyTypes,
  parseNote,
} from "../../src/ledger/note.ts";
import { proveInclusion } from "../../src/ledger/proof.ts";
import { encodeBundle } from "../../src/ledger/tiles.ts";
import { formatTlogProof } from "../../src/ledger/tlog-proof.ts";
import { isRoot, needsTool } from "../support/optional.ts";
import { type Answered, type Asked, verifyInPage } from "./browser/verify.ts";
import { LogInMemory, aSigner } from "./support.ts";

const browserTool = needsTool("chromium");

let folder: string;
let script: string;

/** One script without any import, as a web page would load it. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tidelock-ledger-browser-"));
  await build({
    configFile: false,
    logLevel: "error",
    root: join(import.meta.dirname, "browser"),
    build: {
      outDir: folder,
      emptyOutDir: false,
      lib: {
        entry: join(import.meta.dirname, "browser", "verify.ts"),
        name: "ledger",
        formats: ["iife"],
        fileName: () => "ledger.js",
      },
    },
  });
  script = readFileSync(join(folder, "ledger.js"), "utf8");
});

afterAll(async () => rm(folder, { recursive: true, force: true }));

async function aQuestion(): Promise<Asked> {
  const signer = aSigner("tidelock/one");
  const witness = aSigner("witness.example/w1", noteKeyTypes.cosignature);
  const memory = new LogInMemory().fill(300);
  const note = parseNote(await memory.checkpoint(signer));
  const cosigned = mergeSignatures(note, [await cosign(note.text, 1_700_000_000, witness)]);
  const checkpoint = formatNote(cosigned);
  const { entries } = memory;
  const proof = await proveInclusion(77, 300, memory.hashAt);
  return {
    origin: "tidelock/one",
    keys: [formatVerifierKey(signer.key)],
    witnesses: [formatVerifierKey(witness.key)],
    checkpoint,
    bundles: [encodeBundle(entries.slice(0, 256)), encodeBundle(entries.slice(256))].map(toBase64),
    receipt: formatTlogProof({ extra: null, index: 77, proof, checkpoint }),
    entry: toBase64(entries[77] ?? new Uint8Array(0)),
  };
}

const right = { log: "right", cosigned: 1, streams: 3, receipt: "right", opens: true };

describe("the verifiers bundled for a browser", () => {
  it("import nothing that only Node has", () => {
    expect(script).not.toMatch(/\brequire\(|\bimport[\s({"']|from\s*["']node:/);
    expect(script).toMatch(/verifyInPage|ledger/);
  });

  it("are what runs here", async () => {
    expect(await verifyInPage(await aQuestion())).toMatchObject({ ...right, node: true });
  });
});

describe.skipIf(browserTool.missing)("in chromium", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: browserTool.path,
      args: isRoot ? ["--no-sandbox"] : [],
    });
  });
  afterAll(async () => browser?.close());

  async function askPage(asked: Asked): Promise<Answered> {
    const page = await (await browser.newContext()).newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await page.addScriptTag({ content: `${script}\nglobalThis.ledger = ledger;` });
    const question = JSON.stringify(asked);
    const answer = await page.evaluate(`ledger.verifyInPage(${question})`);
    expect(errors).toEqual([]);
    return answer as Answered;
  }

  it("a log and a receipt verify without Node", async () => {
    const asked = await aQuestion();
    expect(await askPage(asked)).toMatchObject({ ...right, node: false });
  });

  it("a changed log does not", async () => {
    const asked = await aQuestion();
    const checkpoint = asked.checkpoint.replace("\n300\n", "\n299\n");
    const bundles = asked.bundles.toReversed();
    expect(await askPage({ ...asked, checkpoint })).toMatchObject({ log: "checkpoint at null" });
    expect(await askPage({ ...asked, bundles })).toMatchObject({ log: "bundle at 44" });
  });
});
