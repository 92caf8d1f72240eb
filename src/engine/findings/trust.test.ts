import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
} from "../../../test/support/engine-bench.ts";
import { consentBy, enrol, stateReport, trustIn } from "../../../test/support/findings.ts";
import type { ImportView } from "../../api/views/finding.ts";
import { findings as findingsCheck } from "../../checks/findings/index.ts";
import type { ScanReport } from "../../evidence/predicates/scan-report.ts";
import type { Digest } from "../../model/primitives.ts";
import type { ControlPlane } from "../../ports/control-plane.ts";
import type { OpenFinding } from "../../ports/check.ts";
import { type Asked, openFindings } from "./open-findings.ts";
import { settleFindings } from "./settle.ts";
import { verifyState } from "../ledger/verify-state.ts";

/** What may close a finding and open a gate, and what may not. */

/** The others of this file are what the rest leans on; these take as long again. */
const long = process.env["TIDELOCK_TEST_LONG"] === "1";
if (!long) console.warn("trust: some of the tests only, all of them with TIDELOCK_TEST_LONG=1");

let bench: EngineBench;
let plane: ControlPlane;
let ci: KeyObject;
let release: Digest;

const check = `      checks: [{ name: known, uses: findings, phase: static }]`;

beforeEach(async () => {
  bench = await EngineBench.create();
  bench.extra.set("findings", findingsCheck);
  const worker = bench.worker();
  await worker.engine.log.open("1.0.0");
  plane = worker.controlPlane;
  ci = generateKeyPairSync("ed25519").privateKey;
  const trust = trustIn(ci, ["scan*"]);
  const text = documents({ dev: check }).replace(
    'listen: { shop: "127.0.0.1:18081" } }',
    `listen: { shop: "127.0.0.1:18081" } }\n${trust}`,
  );
  await plane.applyDocuments(operator, "t.yaml", text);
  release = (await plane.createRelease({ id: "builder" }, makeRelease(bench, "1.0.0"))).id;
}, 60_000);

afterEach(async () => {
  await bench.close();
});

function sarif(files: readonly string[], more = {}, tool = "scanner"): Buffer {
  const results = files.map((uri) => ({
    ruleId: "sqli",
    level: "error",
    message: { text: "input reaches a query" },
    locations: [{ physicalLocation: { artifactLocation: { uri }, region: { startLine: 3 } } }],
  }));
  const runs = [{ tool: { driver: { name: tool, version: "1" } }, results, ...more }];
  return Buffer.from(JSON.stringify({ version: "2.1.0", runs }));
}

const about = { release: "1.0.0", environment: "dev" };

async function take(
  report: Buffer,
  options: object = about,
  service = "shop",
): Promise<ImportView> {
  return plane.findings.importReport(
    operator,
    service,
    options,
    (async function* () {
      yield report;
    })(),
  );
}

async function vouch(report: Buffer, change: Partial<ScanReport> = {}, by = ci, of = release) {
  await stateReport(bench.database.db, report, by, {
    release: of,
    service: "shop",
    environment: "dev",
    tool: "scanner",
    complete: true,
    madeAt: new Date().toISOString(),
    ...change,
  });
}

async function signed(report: Buffer, change: Partial<ScanReport> = {}): Promise<ImportView> {
  await vouch(report, change);
  return take(report);
}

async function statuses(): Promise<Readonly<Record<string, string>>> {
  const { items } = await plane.findings.list({ service: "shop", status: "any" }, { limit: 50 });
  return Object.fromEntries(items.map(({ place, status }) => ["path" in place ? place.path : "", status])); // prettier-ignore
}

async function promoted(version = "1.0.0") {
  const { id } = await plane.promote(operator, {
    service: "shop",
    environment: "dev",
    release: version,
  });
  const done = await ended(plane, id);
  const run = done.checks.find(({ name }) => name === "known");
  return { state: done.state, verdict: run?.report?.verdict, summary: run?.report?.summary ?? "" };
}

const asked = (of: Digest): Asked => ({
  lane: { service: "shop", environment: "dev" },
  release: of,
  live: null,
  promotion: null,
  patienceMs: 0,
  signal: new AbortController().signal,
});

const earlier = (ms: number) => new Date(Date.now() - ms).toISOString();

describe("a report that somebody imports", () => {
  it("A stolen token that imports an empty complete report closes nothing and opens no gate", async () => {
    await signed(sarif(["a.js"]));
    expect(await promoted()).toMatchObject({ state: "failed", verdict: "fail" });
    const mallory = generateKeyPairSync("ed25519").privateKey;
    const empty = sarif([]);
    for (const sent of [
      () => take(empty),
      () => take(empty, { release: "1.0.0" }),
      () => take(empty, {}),
      async () => {
        await vouch(empty, {}, mallory);
        return take(empty);
      },
    ]) {
      expect(await sent()).toMatchObject({ complete: true });
      expect((await plane.findings.imports("shop", 1))[0]?.trust).not.toBe("signed");
      expect(await statuses()).toEqual({ "a.js": "open" });
    }
    expect(await promoted()).toMatchObject({ state: "failed", verdict: "fail" });
  });

  it("lets a gate open when it is signed by whom the owners trust, complete and of this release", async () => {
    await signed(sarif(["a.js"]), { madeAt: earlier(60_000) });
    const view = await signed(sarif([]));
    expect(view).toMatchObject({ trust: "signed", vouchedBy: "ci" });
    expect(await statuses()).toEqual({ "a.js": "verified" });
    expect(await promoted()).toMatchObject({ state: "complete", verdict: "pass" });
    const { id } = await plane.promote(operator, { service: "shop", environment: "production", release: "1.0.0" }); // prettier-ignore
    expect(await ended(plane, id)).toMatchObject({ state: "complete" });
    const { engine } = bench.workers[0]!;
    await settleFindings(engine);
    expect(await statuses()).toEqual({ "a.js": "closed" });
    await take(sarif(["a.js"]));
    expect(await statuses()).toEqual({ "a.js": "open" });
    expect(await verifyState(engine.log, engine.db)).toMatchObject({ ok: true });
  });

  it.runIf(long)(
    "closes nothing when it is signed with a tool for which nobody is trusted",
    async () => {
      await signed(sarif(["a.js"]), { madeAt: earlier(60_000) });
      const report = sarif([], {}, "zap");
      await vouch(report, { tool: "zap" });
      expect(await take(report)).toMatchObject({ trust: "bound" });
      expect(await statuses()).toEqual({ "a.js": "open" });
    },
  );

  it("closes nothing when it is played again after something later, or for an older release", async () => {
    const old = sarif([], { properties: { n: 1 } });
    await vouch(old, { madeAt: earlier(60_000) });
    await signed(sarif(["a.js"]), { madeAt: earlier(1_000) });
    const replayed = await take(old);
    expect(replayed).toMatchObject({ trust: "signed" });
    expect(replayed.notes.join()).toContain("a later report of the same scan is here");
    expect(await statuses()).toEqual({ "a.js": "open" });
    const newer = (await plane.createRelease(operator, makeRelease(bench, "1.1.0"))).id;
    const seen = sarif(["a.js", "b.js"], { properties: { n: 2 } });
    await vouch(seen, {}, ci, newer);
    await take(seen, { ...about, release: "1.1.0" });
    const clean = sarif([], { properties: { n: 3 } });
    const view = await signed(clean);
    expect(view.notes.join()).toContain("1.1.0, a later release, was scanned already");
    expect(await statuses()).toEqual({ "a.js": "open", "b.js": "open" });
  });

  it.runIf(long)(
    "closes nothing where whoever signed says that something was left out",
    async () => {
      await signed(sarif(["a.js"]), { madeAt: earlier(60_000) });
      expect(await signed(sarif([]), { complete: false })).toMatchObject({ complete: false });
      expect(await statuses()).toEqual({ "a.js": "open" });
    },
  );
});

describe("the check findings", () => {
  it.runIf(long)("knows nothing of a release that nobody was seen to scan", async () => {
    const unknown = await promoted();
    expect(unknown).toMatchObject({ state: "failed", verdict: "inconclusive" });
    await take(sarif([]));
    const claimed = await promoted();
    expect(claimed).toMatchObject({ state: "failed", verdict: "inconclusive" });
    expect(claimed.summary).toContain("nobody whom the policy trusts");
  });

  it("refuses a promotion until two people, not one, have called the finding false", async () => {
    await signed(sarif(["a.js"]));
    const refused = await promoted();
    expect(refused).toMatchObject({ state: "failed", verdict: "fail" });
    expect(refused.summary).toContain("F-1 sqli");
    const alice = await enrol(plane, "alice");
    const bob = await enrol(plane, "bob");
    const until = new Date(Date.now() + 86_400_000).toISOString();
    const { proposal } = await plane.findings.act(operator, "F-1", {
      kind: "false-positive",
      reason: "the input is a constant",
      until,
    });
    if (!proposal) throw new Error("nothing was proposed");
    expect(await promoted()).toMatchObject({ verdict: "fail" });
    await plane.findings.consent(operator, proposal.id, await consentBy(alice, proposal));
    expect(await promoted()).toMatchObject({ state: "failed", verdict: "fail" });
    await plane.findings.consent(operator, proposal.id, await consentBy(bob, proposal));
    expect(await promoted()).toMatchObject({ state: "complete", verdict: "pass" });
    const { engine } = bench.workers[0]!;
    expect(await verifyState(engine.log, engine.db)).toMatchObject({ ok: true });
  });

  it("says so when somebody has changed the findings behind the ledger", async () => {
    await signed(sarif(["a.js"]));
    await bench.database.pool.query("update findings set status = 'closed'");
    const changed = await promoted();
    expect(changed).toMatchObject({ state: "failed", verdict: "error" });
    expect(changed.summary).toContain("status of F-1 is closed");
  });
});

describe("a VEX statement", () => {
  function vex(status: string, products: readonly object[], version: number): Buffer {
    const statement = {
      vulnerability: { name: "CVE-2021-23337" },
      products,
      status,
      ...(status === "not_affected" ? { justification: "vulnerable_code_not_present" } : {}),
    };
    return Buffer.from(
      JSON.stringify({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://shop.example/vex",
        author: "anybody",
        timestamp: new Date().toISOString(),
        version,
        statements: [statement],
      }),
    );
  }

  it("speaks for its release by a trusted issuer only, about this product, until the issuer says otherwise", async () => {
    const { engine } = bench.workers[0]!;
    const lodash = [{ "@id": "pkg:npm/lodash@4.17.20" }];
    const within = (product: string) => [{ "@id": product, subcomponents: lodash }];
    const aside = async (of = release) => {
      const seen: OpenFinding[] = [];
      const { changed } = await openFindings(engine, asked(of), (one) => seen.push(one));
      expect(changed).toBeNull();
      return seen.map(({ setAside }) => setAside !== null);
    };
    let version = 0;
    const say = async (status: string, products: readonly object[], by?: KeyObject) => {
      version += 1;
      const document = vex(status, products, version);
      if (by) await vouch(document, { tool: "openvex" }, by);
      await take(document);
      return aside();
    };
    expect(await say("affected", lodash)).toEqual([false]);
    expect(await say("not_affected", lodash)).toEqual([false]);
    const mallory = generateKeyPairSync("ed25519").privateKey;
    expect(await say("not_affected", lodash, mallory)).toEqual([false]);
    expect(await say("not_affected", within("pkg:oci/basket"), ci)).toEqual([false]);
    expect(await say("not_affected", within("pkg:oci/shop@1.0.0"), ci)).toEqual([true]);
    const other = (await plane.createRelease(operator, makeRelease(bench, "1.1.0"))).id;
    expect(await aside(other)).toEqual([false]);
    expect(await say("affected", lodash, ci)).toEqual([false]);
  });
});
