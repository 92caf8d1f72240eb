import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readme } from "../../src/audit/readme.ts";
import { packFiles } from "../../src/audit/write-pack.ts";
import { toBase64, utf8 } from "../../src/ledger/bytes.ts";
import { AuditStory, keys } from "../support/audit-story.ts";
import { logKeyText } from "../support/memory-log.ts";
import { findProgram, needsTool } from "../support/optional.ts";

/** The instructions in every pack's README.txt, run as they stand there: jq, openssl and a shell. */

const openssl = needsTool("openssl");
const jq = findProgram("jq");
const usable = !openssl.missing && jq !== null;
if (!usable) process.stdout.write("skipped: README.txt of packs by hand needs jq and openssl\n");

let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tidelock-pack-"));
  const story = await AuditStory.tell();
  for (const [path, bytes] of packFiles(await story.content({ witnesses: keys.witnesses }))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  writeFileSync(join(folder, "log.pem"), keys.second.pem);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The indented commands of one step. */
function commandsOf(step: number): string {
  const from = readme.indexOf(`\n${step}. `);
  const to = readme.indexOf(`\n${step + 1}. `);
  const lines = readme.slice(from, to).split("\n");
  return lines
    .filter((line) => line.startsWith("    "))
    .map((line) => line.slice(4))
    .join("\n");
}

function shell(script: string): string {
  return execFileSync("bash", ["-euo", "pipefail", "-c", script], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

const compiler = findProgram("go") ?? findProgram("/usr/local/go/bin/go");
const verifier = compiler === null ? null : build(compiler);
if (verifier === null) process.stdout.write("skipped: packs by Go need go and golang.org/x/mod\n");

/** From modules that are there already, unless downloading was asked for. */
function build(go: string): string | null {
  const output = join(mkdtempSync(join(tmpdir(), "tidelock-pack-go-")), "verify-pack");
  const download = process.env["TIDELOCK_TEST_INSTALL"] === "1" ? {} : { GOPROXY: "off" };
  const built = spawnSync(go, ["build", "-mod=readonly", "-buildvcs=false", "-o", output, "."], {
    cwd: join(import.meta.dirname, "go"),
    env: { ...process.env, ...download, GOTOOLCHAIN: "local" },
    timeout: 240_000,
  });
  return built.status === 0 ? output : null;
}

describe.skipIf(verifier === null)("Go's own transparency log", () => {
  const verify = (key: string) => spawnSync(verifier ?? "", [folder, key], { encoding: "utf8" });

  it("agrees on the checkpoint and on every entry of a pack", () => {
    const { stdout, stderr } = verify(logKeyText(keys.second));
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^tidelock\/.*: \d\d entries are in the tree of \d\d\n$/);
  });

  it("refuses another key, and an entry that was changed", () => {
    expect(verify(logKeyText(keys.foreign)).status).not.toBe(0);
    const path = join(folder, "entries.jsonl");
    const [first = "", ...rest] = readFileSync(path, "utf8").split("\n");
    const leaf = toBase64(utf8("another leaf"));
    const changed = first.replace(/"leaf":"[^"]*"/, `"leaf":"${leaf}"`);
    writeFileSync(path, [changed, ...rest].join("\n"));
    expect(verify(logKeyText(keys.second)).status).not.toBe(0);
  });
});

describe.skipIf(!usable)("README.txt of a pack", () => {
  it("shows how to compare every file with the manifest", () => {
    expect(shell(commandsOf(1))).not.toContain("FAILED");
    writeFileSync(join(folder, "checkpoint"), "changed");
    expect(() => shell(commandsOf(1))).toThrow();
  });

  it("shows how openssl verifies the checkpoint's signature", () => {
    expect(shell(commandsOf(2))).toContain("Verified Successfully");
    writeFileSync(join(folder, "log.pem"), keys.foreign.pem);
    expect(() => shell(commandsOf(2))).toThrow();
  });

  it.each([
    ["first", keys.log],
    ["second", keys.second],
  ])("shows it for the %s of two keys that overlap", async (_which, key) => {
    const story = await AuditStory.tell();
    const { checkpoint } = await story.content({ signers: [keys.log, keys.second] });
    writeFileSync(join(folder, "checkpoint"), checkpoint.note);
    writeFileSync(join(folder, "log.pem"), key.pem);
    expect(shell(commandsOf(2))).toContain("Verified Successfully");
  });

  it("shows how a payload opens the commitment of its leaf", () => {
    const [mac = "", commitment = ""] = shell(commandsOf(4)).trim().split("\n");
    expect(commitment).toBe(`hmac-sha256:${mac.split(" ").at(-1)}`);
  });
});
