import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  documents,
  EngineBench,
  makeRelease,
  operator,
  type Worker,
} from "../../../../test/support/engine-bench.ts";
import type { ReleaseRow } from "../../../store/schema.ts";
import { readRelease } from "../../../store/queries/catalogue.ts";
import { verifyState } from "../../ledger/verify-state.ts";
import { makeFindingControl } from "../control.ts";
import { defaultSla } from "../../../findings/sla.ts";
import type { ConcernedRow } from "../../../store/queries/finding-open.ts";
import { openFinding } from "../open-findings.ts";
import { spool } from "./spool.ts";
import { takeIn } from "./take-in.ts";

/** Reports by somebody who wants a finding to go away, or the server. */

let bench: EngineBench;
let worker: Worker;
let release: ReleaseRow;

beforeAll(async () => {
  bench = await EngineBench.create();
  worker = bench.worker();
  await worker.controlPlane.applyDocuments(operator, "t.yaml", documents());
  const { id } = await worker.controlPlane.createRelease(operator, makeRelease(bench, "1.0.0"));
  release = (await readRelease(bench.database.db, id)) as ReleaseRow;
}, 60_000);
afterAll(() => bench.close());

async function* chunks(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

const generic = (tool: string, findings: readonly object[], more: object = {}) =>
  JSON.stringify({ tidelockFindings: 1, tool: { name: tool, version: "1" }, findings, ...more });

/** Each hit is like the next one only, by one of two fingerprints in turn; the first two are told apart by nobody. */
const chain = (length: number) =>
  [
    {
      rule: "r",
      severity: "low",
      place: { kind: "file", path: "c.js", line: 1 },
      fingerprint: "x1",
    },
    {
      rule: "r",
      severity: "low",
      place: { kind: "file", path: "c.js", line: 1 },
      fingerprint: "x2",
    },
    ...Array.from({ length }, (_, at) => ({
      rule: "r",
      severity: "low",
      place: { kind: "file", path: "c.js", line: at + 2 },
    })),
  ].map((one, at) => {
    const link = Math.max(at - 1, 0);
    const odd = link % 2;
    return {
      ...one,
      snippet: `code ${at}`,
      fingerprints: { n1: `v${(link + odd) / 2}`, n2: `w${(link - odd) / 2}` },
    };
  });

const hostile = (text: string) =>
  makeFindingControl(worker.engine).importReport(
    operator,
    "shop",
    { release: "1.0.0" },
    chunks(text),
  );

/** As Tidelock's own run of a scanner is taken in. */
async function own(tool: string, text: string) {
  const spooled = await spool(worker.engine.spool, chunks(text), 1e8);
  try {
    const incoming = { service: "shop", environment: null, release, format: null, scan: null };
    return await takeIn(
      worker.engine,
      { ...incoming, by: "tidelock", checkRun: null, seenAt: null },
      spooled,
      async () => ({
        tool,
        subject: "check scan",
        trust: "own",
        vouchedBy: "run",
        claims: false,
        madeAt: new Date().toISOString(),
        missing: [],
        notes: [],
      }),
    );
  } finally {
    await spooled.remove();
  }
}

const rows = (where: string) =>
  bench.database.db
    .selectFrom("findings")
    .selectAll()
    .where("title", "like", `${where}%`)
    .execute();

describe("names that a stranger took first", () => {
  it("do not say of what kind a trusted scan's hit is", async () => {
    const hit = {
      rule: "leak",
      severity: "critical",
      place: { kind: "file", path: "a.env", line: 3 },
      fingerprint: "abc",
    };
    await hostile(generic("keys", [{ ...hit, kind: "test", title: "kind: harmless" }]));
    await own("keys", generic("keys", [{ ...hit, kind: "secret", title: "kind: a key" }]));
    const found = await rows("kind:");
    expect(found.map(({ kind, title }) => `${kind} ${title}`).sort()).toEqual([
      "secret kind: a key",
      "test kind: harmless",
    ]);
    expect(await verifyState(worker.engine.log, bench.database.db)).toMatchObject({ ok: true });
  });

  it("do not say what a trusted scan's hit is called, and which CVE it is", async () => {
    const hit = {
      rule: "GHSA-jfh8-c2jp-5v3q",
      severity: "medium",
      place: {
        kind: "package",
        name: "log4j-core",
        version: "2.14.0",
        purl: "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.0",
      },
    };
    await hostile(generic("sca", [{ ...hit, title: "cve: harmless" }]));
    const aliases = ["CVE-2021-44228"];
    await own("sca", generic("sca", [{ ...hit, aliases, cwe: [502], title: "cve: log4shell" }]));
    expect(await rows("cve:")).toMatchObject([
      { title: "cve: log4shell", aliases, cwe: [502], trusted: true },
    ]);
    // And what comes later by strangers changes none of it.
    await hostile(generic("sca", [{ ...hit, title: "cve: harmless again", aliases: [] }]));
    expect(await rows("cve:")).toMatchObject([{ title: "cve: log4shell", aliases }]);
  });
});

describe("what two people judged less bad when only strangers had it", () => {
  it("counts as bad as it is once a trusted scan sees it", () => {
    const row = {
      id: "1",
      severity: "critical",
      status: "open",
      tools: [],
      first_seen: new Date(),
    } as unknown;
    const lower = (trusted: boolean) => ({
      finding: "1",
      kind: "lower" as const,
      act: "a",
      at: new Date(),
      detail: {
        severity: "info",
        severityThen: "critical",
        until: "2999-01-01T00:00:00Z",
        trusted,
      },
    });
    const open = (seen: boolean, judged: boolean) =>
      openFinding(
        { ...(row as ConcernedRow), trusted: seen },
        {
          judged: [lower(judged)],
          said: [],
          waivers: [],
          listed: false,
          sla: defaultSla,
          now: new Date(),
        },
      ).severity;
    expect([open(true, false), open(false, false), open(true, true)]).toEqual([
      "critical",
      "info",
      "info",
    ]);
  });
});

describe("values that no column holds", () => {
  const file = { kind: "file", path: "a.js" };
  it.each([
    ["a line beyond 2^31", { place: { ...file, line: 2 ** 40 } }, {}],
    ["a weakness beyond 2^31", { place: file, cwe: [2 ** 40] }, {}],
    ["a score next to nothing", { place: file, cvss: [{ version: "3.1", score: 1e-320 }] }, {}],
    ["half a character", { place: file, title: "\ud800", message: "\udc00" }, {}],
    ["NUL", { place: file, title: "a\0b", fingerprints: { "a\0b": "\0" } }, {}],
    ["the year 275760", { place: file }, { madeAt: "+275760-09-13T00:00:00.000Z" }],
    ["a tool with NUL", { place: file }, { tool: { name: "to\0ol\ud800", version: "\0\ud800" } }],
    ["a subject with NUL", { place: file }, { subject: "su\0b\ud800" }],
    [
      "fingerprints by names with half characters",
      { place: file, fingerprints: { "\ud800": "x" } },
      {},
    ],
    [
      "keys that every object has",
      { place: file, fingerprints: { __proto__x: "x", constructor: "y" } },
      {},
    ],
  ])("%s is taken in or refused as the report's fault", async (name, finding, more) => {
    const text = generic("odd", [{ rule: name, severity: "low", ...finding }], more);
    const taken = await hostile(text).then(
      ({ observations }) => observations,
      ({ code, message }: { code?: string; message: string }) =>
        code === "invalid-input" ? 1 : `${code} ${message}`,
    );
    expect(taken).toBe(1);
  });
});

describe("a chain of hits that are each like the next one only", () => {
  it("is told apart in few steps", async () => {
    const began = Date.now();
    const findings = chain(3_000);
    const taken = await hostile(generic("chain", findings));
    expect(taken.observations).toBe(findings.length);
    expect(Date.now() - began).toBeLessThan(90_000);
  }, 180_000);
});

describe("more reports at once than the database has connections", () => {
  it("are taken in one after the other, while everything else goes on", async () => {
    const all = Array.from({ length: 24 }, (_, at) =>
      hostile(
        generic(`flood-${at}`, [
          { rule: "r", severity: "low", place: { kind: "file", path: `${at}.js` } },
        ]),
      ),
    );
    const taken = await Promise.all(all);
    expect(taken.map(({ opened }) => opened)).toEqual(all.map(() => 1));
  }, 120_000);
});
