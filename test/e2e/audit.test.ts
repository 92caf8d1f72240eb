import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { Manifest } from "../../src/audit/format.ts";
import type { AuditReport } from "../../src/audit/report.ts";
import type { Story } from "../../src/audit/story.ts";
import { withManifest } from "../../src/audit/write-pack.ts";
import { readZip } from "../../src/audit/zip/read-zip.ts";
import { writeZip } from "../../src/audit/zip/write-zip.ts";
import { clearHome, e2eHome } from "../fixtures/e2e-home.ts";
import { type CliResult, runCli } from "../fixtures/run-cli.ts";

/**
 * What an auditor gets and can do with it, over a real server, database, agent, router and processes. The
 * verification runs in an empty folder with a home of its own: nothing but the pack and the trust root.
 */

vi.setConfig({ testTimeout: 180_000 });

let work: string;
let service: string;
let dataDir: string;
const ports: Record<string, number> = {};

beforeAll(async () => {
  work = await e2eHome();
  service = join(work, "shop");
  dataDir = join(work, "data");
  mkdirSync(service);
  for (const name of ["testing", "production"]) ports[name] = await freePort();
});

afterAll(() => clearHome(work));

async function ends(code: number, words: readonly string[], env = {}): Promise<CliResult> {
  const result = await runCli(words, {
    cwd: service,
    env: { TIDELOCK_DATA_DIR: dataDir, TIDELOCK_CONFIG: join(work, "config.json"), ...env },
  });
  const said = `tidelock ${words.join(" ")}\n${result.stdout}${result.stderr}`;
  expect(result.code, said).toBe(code);
  return result;
}

/** As the auditor: another folder, no data directory, no settings, no address. */
async function verify(code: number, words: readonly string[]): Promise<CliResult> {
  const elsewhere = mkdtempSync(join(work, "auditor-"));
  const env = { HOME: elsewhere, TIDELOCK_DATA_DIR: join(elsewhere, "none") };
  const result = await runCli(["audit", "verify", ...words], { cwd: elsewhere, env });
  expect(result.code, `${result.stdout}${result.stderr}`).toBe(code);
  return result;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

function commit(version: string, healthy: boolean): void {
  writeFileSync(join(service, "version.txt"), version);
  const status = healthy ? 200 : 500;
  writeFileSync(
    join(service, "server.js"),
    `require("node:http").createServer((q, r) => {
       r.statusCode = q.url === "/deep" ? ${status} : 200;
       r.end("shop ${version}");
     }).listen(process.env.PORT, "127.0.0.1");`,
  );
  const git = (...words: string[]) => execFileSync("git", words, { cwd: service });
  git("add", "-A");
  const author = ["-c", "user.name=Ben", "-c", "user.email=ben@shop.example"];
  git(...author, "commit", "-qm", `Version ${version}`, "--author", "Ada <ada@shop.example>");
}

const pipeline = () => `apiVersion: tidelock.dev/v1
kind: Pipeline
metadata: { name: shop }
spec:
  processes:
    web:
      command: [node, server.js]
      ready: { kind: http, path: /, interval: 100ms, timeout: 10s }
  environments:
${["testing", "production"]
  .map(
    (name) => `    - name: ${name}
      watch: { for: 500ms, interval: 100ms, failures: 3 }
      drain: 1s
      checks:
        - { name: deep, uses: http, with: { requests: [{ path: /deep, expect: { status: 200 } }] } }`,
  )
  .join("\n")}
${["testing", "production"]
  .map(
    (name) => `---
apiVersion: tidelock.dev/v1
kind: Environment
metadata: { name: ${name} }
spec:
  tier: ${name}
  router: { type: embedded, listen: { shop: "127.0.0.1:${ports[name]}" } }`,
  )
  .join("\n")}
`;

/** The log's key as an operator reads it out to an auditor, before it is needed. */
async function trustFile(name: string, withCheckpoint: "yes" | "no"): Promise<string> {
  const file = join(work, name);
  const words = ["ledger", "trust", "-o", file, "--operator", "shop"];
  await ends(0, [...words, "--with-checkpoint", withCheckpoint]);
  return file;
}

type Answer = AuditReport & { readonly story: Story };

it("has a history: a release that failed, one that went to production, and a way back", async () => {
  execFileSync("git", ["init", "-q", "-b", "main"], { cwd: service });
  writeFileSync(join(service, "tidelock.yaml"), pipeline());
  commit("1.0.0", true);
  await ends(0, ["server", "start", "--detach", "--port", "0"]);
  await ends(0, ["pipeline", "apply"]);
  const ship = async (version: string, name: string, code = 0) =>
    ends(code, ["promote", `shop@${version}`, "--to", name, "--wait", "--timeout", "120s"]);
  await ends(0, ["release", "create", "--version", "1.0.0"]);
  await ship("1.0.0", "testing");
  await ship("1.0.0", "production");
  commit("1.1.0", false);
  await ends(0, ["release", "create", "--version", "1.1.0"]);
  await ship("1.1.0", "testing", 3);
  commit("1.2.0", true);
  await ends(0, ["release", "create", "--version", "1.2.0"]);
  await ship("1.2.0", "testing");
  await ship("1.2.0", "production");
  await ends(0, ["rollback", "production", "--reason", "a test", "--wait", "--timeout", "60s"]);
});

it("gives a pack of a release that verifies without the server, and says who wrote it", async () => {
  const pack = join(work, "shop.zip");
  const trust = await trustFile("trust.json", "no");
  const anchored = await trustFile("anchored.json", "yes");
  await ends(0, ["audit", "export", "shop@1.2.0", "-o", pack]);
  const unknown = await verify(7, [pack]);
  expect(unknown.stdout).toContain("consistent, not authenticated");
  const { stdout } = await verify(0, [pack, "--trust", trust]);
  expect(stdout).toContain("✓ verified: shop@1.2.0");
  expect(stdout).toContain("assurance: self-signed");
  expect(stdout).toMatch(/Version 1\.2\.0 \(Ada <ada@shop\.example>, committed by Ben/);
  expect(stdout).toMatch(/decision: allow/);
  expect(stdout).toMatch(/ROLLED BACK to shop@1\.0\.0 by \S+, asked for by person:\w+: a test/);
  expect(stdout).toContain("could have rewritten everything");
  const better = await verify(0, [pack, "--trust", anchored]);
  expect(better.stdout).toMatch(
    /assurance: anchored by the checkpoint in your trust root \(size \d+, noted as "the server's own/,
  );
  const failed = join(work, "failed.zip");
  await ends(0, ["audit", "export", "shop@1.1.0", "-o", failed]);
  expect((await verify(0, [failed, "--trust", trust])).stdout).toMatch(/check deep: fail/);
});

it("lets the auditor make every decision again, and finds one whose inputs were changed", async () => {
  const pack = join(work, "shop.zip");
  const trust = join(work, "trust.json");
  const { stdout } = await verify(0, [pack, "--trust", trust]);
  expect(stdout).toMatch(/✓ every decision follows again from its inputs.* \(\d+\)/);
  // 1.0.0 and 1.2.0 passed admission and gate in both, 1.1.0 was denied in testing, and one came back.
  const [, replayed = "0"] = /(\d+) decisions replayed, 0 not replayable/.exec(stdout) ?? [];
  expect(Number(replayed)).toBeGreaterThanOrEqual(10);
  const files = new Map(readZip(readFileSync(pack)));
  const kept = [...files].find(([, bytes]) => {
    const text = Buffer.from(bytes).toString();
    return text.includes('"kind":"gate","ledger"') && text.includes('"verdict":"fail"');
  });
  const [path, bytes] = kept ?? ["", new Uint8Array()];
  const better = Buffer.from(Buffer.from(bytes).toString().replaceAll('"fail"', '"pass"'));
  files.delete(path);
  files.set(`blobs/${createHash("sha256").update(better).digest("hex")}`, better);
  const manifest = JSON.parse(Buffer.from(files.get("manifest.json") ?? "").toString()) as Manifest;
  files.delete("manifest.json");
  const damaged = join(work, "embellished.zip");
  writeFileSync(damaged, writeZip(withManifest(manifest, files)));
  const failed = await verify(7, [damaged, "--trust", trust]);
  expect(failed.stdout).toMatch(/the decision \w+\/\d+: its inputs \(sha256:\w+\) are missing/);
});

it("makes the change log of a release from records", async () => {
  const set = ["config", "set", "GREETING=hello", "--environment", "production"];
  await ends(0, set);
  const { stdout } = await ends(0, ["release", "changes", "shop@1.2.0"]);
  expect(stdout).toMatch(/Version 1\.2\.0 \(Ada\)/);
  expect(stdout).toMatch(/configuration of production, version \d to \d: \+GREETING/);
  expect(stdout).toMatch(/promotion to production by operator: complete/);
  expect(stdout).toContain("check deep: pass");
  expect(stdout).toMatch(/allow/);
});

it("finds the pack damaged by one bit, and does not crash on rubbish", async () => {
  const pack = readFileSync(join(work, "shop.zip"));
  pack[Math.floor(pack.length / 2)]! ^= 1;
  const damaged = join(work, "damaged.zip");
  writeFileSync(damaged, pack);
  const trust = join(work, "trust.json");
  expect((await verify(7, [damaged, "--trust", trust])).stdout).toContain("verification failed");
  writeFileSync(damaged, "PK\u0003\u0004 rubbish");
  await verify(7, [damaged, "--trust", trust]);
});

it("gives every change of production, held against what the agent signed", async () => {
  const pack = join(work, "production.zip");
  await ends(0, ["audit", "export", "--env", "production", "-o", pack]);
  const { stdout } = await verify(0, [pack, "--trust", join(work, "trust.json"), "-o", "json"]);
  const { story, checks } = JSON.parse(stdout) as Answer;
  expect(story.population?.counts).toMatchObject({ normal: 2, rollback: 1 });
  expect(story.population?.outside).toEqual([]);
  expect(story.population?.unobserved).toEqual([]);
  expect(story.population?.gaps).toEqual([]);
  expect(story.population?.drift).toEqual([]);
  expect(story.population?.observed).toBeGreaterThan(5);
  expect(checks.find(({ id }) => id === "journal")).toMatchObject({ state: "ok" });
});
