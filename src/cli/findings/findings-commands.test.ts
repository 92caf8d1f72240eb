import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { findingView } from "../../../test/fixtures/fake-findings.ts";
import { type FakeServer, startFakeServer } from "../../../test/fixtures/fake-server.ts";
import { runInside } from "../../../test/fixtures/run-cli.ts";
import type { ProposalView } from "../../api/views/finding.ts";
import { TidelockError } from "../../model/errors.ts";

let server: FakeServer;
let folder: string;
beforeEach(async () => {
  server = await startFakeServer();
  folder = mkdtempSync(join(tmpdir(), "tidelock-findings-cli-"));
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const cli = (words: readonly string[], stdin?: string) =>
  runInside(words, {
    cwd: folder,
    env: { TIDELOCK_URL: server.url, TIDELOCK_TOKEN: server.token },
    ...(stdin === undefined ? {} : { stdin }),
  });

/** All that acts on a terminal but the end of a line. */
const unsafe = /[^\P{Cc}\n]|\p{Cf}/u;
const escape = "\u001b[2Jgone\u001b[0m \u202Etxt.exe";

it("sends a report as it is, and says what it came to and why it closes nothing", async () => {
  writeFileSync(join(folder, "report.json"), "{}");
  const options = ["--service", "shop", "--env", "testing", "--scan", "image"];
  const done = await cli(["findings", "import", "report.json", ...options]);
  expect([done.code, done.stderr]).toEqual([0, expect.stringContaining("closes nothing")]);
  expect(done.stdout).toMatch(/recognised as +trivy, of trivy 0\.50\.0/);
  expect(done.stdout).toMatch(/observations +3 = 2 of 2 new findings \+ 1 of known ones/);
  expect(done.stdout).toMatch(/complete +yes/);
  expect(done.stderr).toContain("next: tidelock findings list --service shop");
  expect(server.controlPlane.findings.asked).toEqual([{ environment: "testing", scan: "image" }]);
  expect(server.controlPlane.findings.imported[0]?.report.bytes).toBe(2);
});

it("ends the imports with the reports of own scans that are missing, and why", async () => {
  server.controlPlane.findings.lost = [
    {
      run: "p1/0/scan/1",
      check: "scan",
      environment: "dev",
      why: `it breaks ${escape}`,
      tries: 9,
      givenUp: true,
      at: "2026-06-15T12:00:00.000Z",
    },
  ];
  const { code, stderr } = await cli(["findings", "imports", "--service", "shop"]);
  expect(code).toBe(0);
  expect(stderr).toContain("the report of check scan (p1/0/scan/1) is not among the findings: it");
  expect(stderr).toContain("(tried 9 times)");
  expect(stderr).not.toMatch(unsafe);
});

it("reads a report from standard input, of any length, without its length being known", async () => {
  const long = "x".repeat(3_000_000);
  const done = await cli(["findings", "import", "-", "--service", "shop", "-o", "json"], long);
  expect([done.code, done.stderr]).toEqual([0, expect.stringContaining("note:")]);
  expect(JSON.parse(done.stdout)).toMatchObject({ report: { bytes: 3_000_000 }, unseen: 4 });
});

it("names file, format and position of a report that cannot be read", async () => {
  server.controlPlane.findings.refuse = new TidelockError(
    "invalid-input",
    "the report is no JSON (trivy)",
    { fault: "operator", where: "line 3, column 7", hint: "was it cut?" },
  );
  writeFileSync(join(folder, "cut.json"), "{");
  const refused = await cli(["findings", "import", "cut.json", "--service", "shop"]);
  expect([refused.code, refused.stdout]).toEqual([2, ""]);
  expect(refused.stderr).toContain("error: the report is no JSON (trivy)");
  expect(refused.stderr).toContain("where: cut.json: line 3, column 7");
  for (const [path, reason] of [
    ["nothing.json", "there is no such file"],
    [".", "it is a folder"],
  ] as const) {
    const missing = await cli(["findings", "import", path, "--service", "shop"]);
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining(reason)]);
  }
});

it("sends the envelope that vouches for a report first, and names it by its digest", async () => {
  writeFileSync(join(folder, "report.json"), "{}");
  writeFileSync(join(folder, "report.dsse.json"), "{}");
  const words = ["findings", "import", "report.json", "--service", "shop"];
  await cli([...words, "--attestation", "report.dsse.json"]);
  const digest = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
  expect(server.controlPlane.findings.asked).toEqual([{ attestation: digest }]);
  expect(await server.content.has(digest)).toBe(true);
});

it("lists findings under a filter, goes on behind a page, and shows no escape of a report", async () => {
  server.controlPlane.findings.items = [
    findingView({ id: "F-1", title: escape, place: { kind: "file", path: escape, line: 3 } }),
    findingView({ id: "F-2", severity: "critical", severityStated: false, title: "x".repeat(500) }),
  ];
  const list = await cli(["findings", "list", "--severity", "low", "--limit", "1", "--overdue"]);
  expect(list.code).toBe(0);
  expect(list.stdout).not.toMatch(unsafe);
  expect(list.stdout).toContain("gone \\u202etxt.exe");
  expect(list.stderr).toContain("1 of 2; more: the same with --after 1");
  expect(server.controlPlane.findings.asked).toEqual([{ severity: "low", overdue: true }]);
  const next = await cli(["findings", "list", "--after", "1"]);
  expect(next.stdout).toMatch(/F-2 +critical\? +open +x{59}…/);
  expect((await cli(["findings", "list", "-o", "name"])).stdout).toBe("F-1\nF-2\n");
  expect((await cli(["findings", "list", "-o", "json"])).stdout).not.toMatch(unsafe);
});

it("refuses a filter that is none, by its name", async () => {
  const wrong = await cli(["findings", "list", "--found-from", "yesterday"]);
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("foundFrom")]);
  expect((await cli(["findings", "list", "--severity", "awful"])).code).toBe(2);
  const odd = await cli(["findings", "list", "--status", "open,done"]);
  expect([odd.code, odd.stderr]).toEqual([2, expect.stringContaining("expected open, triaged")]);
  expect((await cli(["findings", "list", "--status", "open, closed"])).code).toBe(0);
});

it("shows one finding with all that somebody needs who is woken by it", async () => {
  server.controlPlane.findings.items = [
    findingView({
      id: "F-7",
      message: `first line\n${escape}`,
      knownExploited: true,
      due: "2026-01-08T12:00:00.000Z",
      overdue: true,
      claims: [
        {
          status: "not-affected",
          justification: "vulnerable_code_not_present",
          by: "mallory",
          trusted: false,
          import: "i2",
          at: "2026-01-02T12:00:00.000Z",
        },
      ],
    }),
  ];
  const shown = await cli(["findings", "show", "7"]);
  expect(shown.code).toBe(0);
  expect(shown.stdout).not.toMatch(unsafe);
  for (const part of [
    "KNOWN EXPLOITED",
    "EPSS 2.1 %",
    "live in        production",
    "fixed in       4.17.21",
    "ago!",
    "opened by trivy",
    "not trusted: it opens no gate",
    "cwe.mitre.org",
  ]) {
    expect(shown.stdout).toContain(part);
  }
  const none = await cli(["findings", "show", "F-99"]);
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining("findings list")]);
  expect((await cli(["findings", "show", "seven"])).code).toBe(2);
});

it("shows what was proposed of a finding, who has signed it, and how the next one does", async () => {
  const at = "2026-01-02T12:00:00.000Z";
  const proposal: ProposalView = {
    id: "a3k9x0p2m4qv",
    proposed: {
      proposal: "a3k9x0p2m4qv",
      ledger: "ledger",
      service: "shop",
      finding: "F-7",
      rule: "eval",
      title: "eval",
      severity: "high",
      fingerprints: `sha256:${"a".repeat(64)}`,
      act: {
        kind: "false-positive",
        reason: "test data",
        until: "2026-12-31T00:00:00.000Z",
      },
    },
    state: "waiting",
    by: "operator",
    at,
    consents: [{ person: "person:1", name: "maria", at }],
  };
  server.controlPlane.findings.items = [findingView({ id: "F-7", proposals: [proposal] })];
  const shown = await cli(["findings", "show", "F-7"]);
  expect(shown.stdout).not.toMatch(unsafe);
  expect(shown.stdout).toMatch(/a3k9x0p2m4qv {2}a false positive until .*: test data/);
  expect(shown.stdout).toContain("waits for the signature of one more person; signed by maria");
  expect(shown.stdout).toContain("tidelock findings confirm a3k9x0p2m4qv --key");
});

it("lists imports, and the formats without a server", async () => {
  const none = await cli(["findings", "imports", "--service", "shop"]);
  expect(none.stderr).toContain("no report of shop was taken in yet");
  await cli(["findings", "import", "-", "--service", "shop"], "{}");
  const one = await cli(["findings", "imports", "--service", "shop"]);
  expect(one.stdout).toMatch(/i1 .*trivy 0\.50\.0 .*unbound/);
  const formats = await runInside(["findings", "formats", "-o", "name"]);
  expect([formats.code, formats.stdout.split("\n")]).toEqual([
    0,
    expect.arrayContaining(["sarif"]),
  ]);
});

it("shows numbers, those of too few cases without a share, and names the rows of each", async () => {
  server.controlPlane.findings.items = [findingView({ id: "F-3" })];
  const shown = await cli(["findings", "metrics", "--service", "shop", "-o", "wide"]);
  expect([shown.code, shown.stderr]).toEqual([0, ""]);
  expect(shown.stdout).toMatch(/past their date +2 +--overdue\n/);
  expect(shown.stdout).toMatch(/by no other +5 of 20: 25\.0 % +--status any --only-by trivy/);
  expect(shown.stdout).toContain("1 of 4: too few to say (under 10)");
  expect(shown.stdout).toContain("median 3 d, 90 % within 12 d (of 11)");
  expect(shown.stdout).toMatch(/F-3 +high/);
  expect(shown.stdout).toMatch(/dependency +1 of 2/);
  expect(server.controlPlane.findings.asked).toContainEqual({ service: "shop", days: 90 });
  const plain = await cli(["findings", "metrics", "-o", "json"]);
  expect(JSON.parse(plain.stdout)).toMatchObject({ enough: 10, mostSerious: [{ id: "F-3" }] });
});

it("writes findings for others, to a file that is whole or not there", async () => {
  server.controlPlane.findings.items = [findingView({ id: "F-3" })];
  const to = join(folder, "shop.sarif");
  const words = ["findings", "export", "--service", "shop"];
  const done = await cli([...words, "--format", "sarif", "-o", "shop.sarif"]);
  expect([done.code, done.stdout]).toEqual([0, ""]);
  expect(done.stderr).toMatch(/^\d+ findings written to shop\.sarif\n$/);
  const log = JSON.parse(readFileSync(to, "utf8")) as { runs: [{ results: unknown[] }] };
  expect(log.runs[0].results[0]).toMatchObject({
    ruleId: "CVE-2021-23337",
    fingerprints: { "tidelock/dependency/v1": "f".repeat(64) },
  });
  const piped = await cli([...words, "--format", "openvex", "--author", "Shop Ltd."]);
  expect(JSON.parse(piped.stdout)).toMatchObject({ author: "Shop Ltd.", statements: [{}] });
  const nowhere = await cli([...words, "-o", "no/such/folder.json"]);
  expect([nowhere.code, nowhere.stderr]).toEqual([
    2,
    expect.stringContaining("the export cannot be written there"),
  ]);
  expect(readdirSync(folder)).toEqual(["shop.sarif"]);
});

it("refuses what does not say enough of a finding before anybody is asked", async () => {
  const silent = await cli(["findings", "triage", "F-1", "--as", "reopen"]);
  expect([silent.code, silent.stderr]).toEqual([2, expect.stringContaining("where: --reason")]);
  expect(silent.stderr).toContain("reopen: say --reason");
  const endless = await cli([
    "findings",
    "triage",
    "F-1",
    "--as",
    "false-positive",
    "--reason",
    "x",
  ]);
  expect([endless.code, endless.stderr]).toEqual([2, expect.stringContaining("where: --until")]);
  expect((await cli(["findings", "assign", "F-1"])).code).toBe(2);
  expect((await cli(["findings", "assign", "F-1", "--nobody", "--to", "sam"])).code).toBe(2);
});
