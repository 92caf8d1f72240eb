import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KnownFindings, type Scan } from "../../../test/fixtures/known-findings.ts";
import type { Observation, Severity } from "../../model/observation.ts";
import { type Draft, observe } from "../observe.ts";
import { fingerprintKey } from "../life-cycle.ts";

const code = (path: string, line: number, more: Partial<Draft> = {}): Observation =>
  observe({ rule: "eval", severity: "high", place: { kind: "file", path, line }, ...more });
const cve = (rule: string, aliases: readonly string[], more: Partial<Draft> = {}): Observation =>
  observe({
    rule,
    aliases,
    severity: "high",
    place: { kind: "package", name: "x", version: "1.0.0", purl: "pkg:npm/x@1.0.0", path: "package-lock.json" }, // prettier-ignore
    ...more,
  });

/** The n-th complete scan of semgrep, by somebody who is trusted. */
const scan = (order: number | null, observations: readonly Observation[], more: Partial<Scan> = {}): Scan => ({
  tool: "semgrep",
  trusted: true,
  order,
  observations,
  ...more,
}); // prettier-ignore

describe("a report of what is known", () => {
  test("opens nothing new where lines moved, in whatever order the report is", () => {
    const known = new KnownFindings();
    const lines = [10, 20, 30];
    known.take(scan(1, lines.map((line) => code("a.ts", line)))); // prettier-ignore
    const moved = [37, 17, 27].map((line) => code("a.ts", line));
    expect(known.take(scan(2, moved))).toMatchObject({ opened: 0, matched: 3, gone: 0 });
  });

  test("opens one more for one more equal hit, and misses one for one less", () => {
    const known = new KnownFindings();
    known.take(scan(1, [code("a.ts", 10), code("a.ts", 20)]));
    expect(
      known.take(
        scan(
          2,
          [10, 15, 20].map((line) => code("a.ts", line)),
        ),
      ),
    ).toMatchObject({
      opened: 1,
      matched: 2,
    });
    expect(known.take(scan(3, [code("a.ts", 10)]))).toMatchObject({ opened: 0, gone: 2 });
  });

  test("takes changed code for another hit", () => {
    const known = new KnownFindings();
    known.take(scan(1, [code("a.ts", 10, { snippet: "eval(a)" })]));
    const second = known.take(scan(2, [code("a.ts", 10, { snippet: "eval(b)" })]));
    expect(second).toMatchObject({ opened: 1, gone: 1 });
  });

  test("makes one finding of what it tells twice, with the worst of its severities", () => {
    const known = new KnownFindings();
    const told = (severity: Severity) => code("a.ts", 10, { severity });
    const { outcomes } = known.take(scan(1, [told("low"), told("critical"), told("medium")]));
    expect(outcomes).toMatchObject([{ ordinals: [0, 1, 2], worst: 1, severity: "critical" }]);
  });

  test("closes nothing that is not of its scope", () => {
    const known = new KnownFindings();
    known.take(scan(1, [code("a.ts", 1)], { subject: "frontend" }));
    expect(known.take(scan(2, [], { subject: "backend" })).unseen).toEqual([]);
    expect(known.take(scan(2, [], { tool: "bandit", subject: "frontend" })).unseen).toEqual([]);
    expect(known.take(scan(2, [], { environment: "testing", subject: "frontend" })).unseen).toEqual([]); // prettier-ignore
    expect(known.take(scan(2, [], { subject: "frontend" })).gone).toBe(1);
  });

  test.each<[string, Partial<Scan>]>([
    ["closes nothing when it is not whole", { complete: false }],
    ["closes nothing when nobody vouches for it", { trusted: false }],
    ["closes nothing when it names no release", { order: null }],
    ["closes nothing when it is of an older release", { order: 0 }],
  ])("%s", (_name, more) => {
    const known = new KnownFindings();
    known.take(scan(1, [code("a.ts", 1)]));
    const second = known.take(scan(2, [], more));
    expect(second).toMatchObject({ gone: 0, unseen: [{ gone: false, transition: null }] });
    expect(known.only().status).toBe("open");
  });

  test("waits for every scan that sees it", () => {
    const known = new KnownFindings();
    const hit = cve("CVE-2021-1111", []);
    known.take(scan(1, [hit], { tool: "trivy" }));
    known.take(scan(1, [hit], { tool: "grype" }));
    expect(known.only().scopes).toHaveLength(2);
    expect(known.take(scan(2, [], { tool: "trivy" })).gone).toBe(0);
    expect(known.take(scan(2, [], { tool: "grype" })).gone).toBe(1);
  });

  test("opens again what was gone, but not for a release that is older than the one without it", () => {
    const known = new KnownFindings();
    const hit = code("a.ts", 1);
    known.take(scan(1, [hit]));
    known.take(scan(3, []));
    expect(known.only().status).toBe("verified");
    expect(known.take(scan(2, [hit])).reopened).toBe(0);
    expect(known.only().status).toBe("verified");
    expect(known.take(scan(4, [hit])).reopened).toBe(1);
    expect(known.only()).toMatchObject({ id: "F-1", status: "open" });
  });
});

describe("what moved to another file", () => {
  const snippet = "eval(request.body)";

  test("is the same when its code is, and nothing else could be meant", () => {
    const known = new KnownFindings();
    known.take(scan(1, [code("old.ts", 5, { snippet })]));
    const { outcomes, opened } = known.take(scan(2, [code("lib/new.ts", 9, { snippet })]));
    expect(opened).toBe(0);
    expect(outcomes).toMatchObject([{ known: "F-1", how: "moved" }]);
    expect(known.take(scan(3, [code("lib/new.ts", 9, { snippet })])).outcomes[0]?.how).toBe("fingerprint"); // prettier-ignore
  });

  test("is new when two could be meant, or another rule saw it, or the scan was not whole", () => {
    const two = new KnownFindings();
    two.take(scan(1, [code("a.ts", 5, { snippet }), code("b.ts", 5, { snippet })]));
    expect(two.take(scan(2, [code("c.ts", 5, { snippet })])).opened).toBe(1);
    const rule = new KnownFindings();
    rule.take(scan(1, [code("a.ts", 5, { snippet })]));
    expect(rule.take(scan(2, [code("c.ts", 5, { snippet, rule: "exec" })])).opened).toBe(1);
    const partial = new KnownFindings();
    partial.take(scan(1, [code("a.ts", 5, { snippet })]));
    expect(partial.take(scan(2, [code("c.ts", 5, { snippet })], { complete: false })).opened).toBe(1); // prettier-ignore
  });

  test("is new when the tool's own ids differ", () => {
    const known = new KnownFindings();
    known.take(scan(1, [code("a.ts", 5, { snippet, fingerprint: "one" })]));
    expect(known.take(scan(2, [code("b.ts", 5, { snippet, fingerprint: "two" })])).opened).toBe(1);
  });

  test("is two where it stands at both places afterwards", () => {
    const known = new KnownFindings();
    const [a, b] = [code("a.ts", 5, { snippet }), code("b.ts", 5, { snippet })];
    known.take(scan(1, [a]));
    known.take(scan(2, [b]));
    expect(known.take(scan(3, [a, b])).opened).toBe(1);
    expect(known.take(scan(4, [a, b]))).toMatchObject({ opened: 0, matched: 2 });
  });

  test("stays one where the tool itself says so, however often it is reported", () => {
    const known = new KnownFindings();
    const report = [
      code("a.ts", 1, { fingerprint: "n" }),
      code("a.ts", 4, { fingerprint: "n", snippet }),
      code("a.ts", 4, { snippet }),
    ];
    known.take(scan(1, report));
    expect(known.take(scan(2, report))).toMatchObject({ opened: 0, matched: 1 });
  });

  test("does not take a false positive along", () => {
    const known = new KnownFindings();
    known.take(scan(1, [code("a.ts", 5, { snippet })]));
    known.only().status = "false-positive";
    expect(known.take(scan(2, [code("b.ts", 5, { snippet })])).opened).toBe(1);
  });
});

describe("another tool's hit", () => {
  test("is the same by vulnerability and package, under whichever name", () => {
    const known = new KnownFindings();
    known.take(scan(1, [cve("CVE-2021-1111", [])], { tool: "trivy" }));
    const grype = cve("GHSA-jfh8-c2jp-5v3q", ["CVE-2021-1111"]);
    expect(known.take(scan(1, [grype], { tool: "grype" })).opened).toBe(0);
    const audit = cve("GHSA-jfh8-c2jp-5v3q", []);
    expect(known.take(scan(1, [audit], { tool: "npm-audit" })).opened).toBe(0);
    expect(known.only().scopes.map(({ tool }) => tool)).toEqual(["trivy", "grype", "npm-audit"]);
  });

  test("is only related where a name joins two CVEs", () => {
    const known = new KnownFindings();
    known.take(scan(1, [cve("GHSA-jfh8-c2jp-5v3q", ["CVE-2021-1111"])], { tool: "a" }));
    const second = known.take(scan(1, [cve("GHSA-jfh8-c2jp-5v3q", ["CVE-2021-2222"])], { tool: "b" })); // prettier-ignore
    expect(second.outcomes).toMatchObject([{ known: null }]);
  });

  test("is the same at the same line of one release with the same CWE, and not of another", () => {
    const known = new KnownFindings();
    known.take(scan(1, [code("a.ts", 5, { cwe: [95] })]));
    const bandit = code("a.ts", 5, { rule: "B307", cwe: [95] });
    expect(known.take(scan(1, [bandit], { tool: "bandit" })).outcomes).toMatchObject([
      { known: "F-1", how: "same-place" },
    ]);
    const other = code("a.ts", 5, { rule: "X1", cwe: [95] });
    expect(known.take(scan(2, [other], { tool: "eslint" })).opened).toBe(1);
  });

  test("is the same at one route and parameter with the same CWE; two rules of one tool are two", () => {
    const known = new KnownFindings();
    const xss = (rule: string) =>
      observe({
        rule,
        severity: "high",
        cwe: [79],
        place: { kind: "http", method: "GET", route: "/s/12", parameter: "q" },
      });
    known.take(scan(1, [xss("40012")], { tool: "zap" }));
    expect(known.take(scan(1, [xss("xss")], { tool: "nuclei" })).opened).toBe(0);
    expect(known.take(scan(1, [xss("40012"), xss("40014")], { tool: "zap" })).opened).toBe(1);
  });
});

describe("a report that nobody vouches for", () => {
  const forged = (observations: readonly Observation[]) =>
    scan(null, observations, { tool: "trivy", trusted: false });

  test("teaches a finding that a trusted scan saw no name of another one", () => {
    const known = new KnownFindings();
    known.take(scan(1, [cve("GHSA-2222-2222-2222", [])], { tool: "trivy" }));
    known.only().status = "false-positive";
    // It claims that the harmless one is CVE-2021-44228, which no scan has seen yet.
    known.take(forged([cve("GHSA-2222-2222-2222", ["CVE-2021-44228"])]));
    const real = known.take(scan(2, [cve("CVE-2021-44228", [])], { tool: "trivy" }));
    expect(real.opened).toBe(1);
  });

  test("does not keep what it opened from a trusted scan that says something else", () => {
    const known = new KnownFindings();
    known.take(forged([cve("GHSA-2222-2222-2222", ["CVE-2021-1111"])]));
    const real = cve("GHSA-2222-2222-2222", ["CVE-2021-44228"]);
    expect(known.take(scan(1, [real], { tool: "trivy" })).opened).toBe(1);
    const again = known.take(scan(2, [cve("GHSA-2222-2222-2222", [])], { tool: "trivy" }));
    expect(again.outcomes.map((one) => one.known)).toEqual(["F-2"]);
  });

  test("does not say where a finding has moved that a trusted scan saw", () => {
    const known = new KnownFindings();
    known.take(scan(1, [code("a.ts", 1, { snippet: "one", fingerprint: "n" })]));
    const told = code("a.ts", 1, { snippet: "two", fingerprint: "n" });
    known.take(scan(1, [told], { trusted: false }));
    const other = known.take(scan(2, [code("b.ts", 1, { snippet: "two" })]));
    expect(other).toMatchObject({ opened: 1, gone: 1 });
  });

  test("lowers no severity", () => {
    const known = new KnownFindings();
    const told = (severity: Severity) => [code("a.ts", 1, { severity })];
    known.take(scan(1, told("high")));
    known.take(scan(1, told("info"), { trusted: false }));
    expect(known.only().severity).toBe("high");
    known.take(scan(1, told("critical"), { trusted: false }));
    known.take(scan(1, told("low"), { trusted: false }));
    expect(known.only().severity).toBe("critical");
    known.take(scan(1, told("medium")));
    expect(known.only().severity).toBe("medium");
  });

  test("opens one finding, not one with every repetition, where it has no name of its own", () => {
    const known = new KnownFindings();
    known.take(scan(1, [code("a.ts", 1, { snippet: "x" })]));
    known.take(scan(2, [code("b.ts", 1, { snippet: "x" })]));
    const both = [code("a.ts", 1, { snippet: "x" }), code("b.ts", 1, { snippet: "x" })];
    for (let round = 0; round < 3; round += 1) known.take(scan(null, both, { trusted: false }));
    expect(known.findings.size).toBe(1);
  });
});

describe("reconciling", () => {
  const anyHit = fc
    .record({
      path: fc.constantFrom("a.ts", "b.ts"),
      line: fc.integer({ min: 1, max: 6 }),
      rule: fc.constantFrom("r1", "r2"),
      snippet: fc.constantFrom(undefined, "x", "y"),
      fingerprint: fc.constantFrom(undefined, undefined, "n1", "n2"),
    })
    .map(({ path, line, ...rest }) => code(path, line, rest));
  const anyCve = fc
    .record({
      rule: fc.constantFrom("CVE-2020-1111", "CVE-2020-2222", "GHSA-2222-2222-2222"),
      aliases: fc.subarray(["CVE-2020-1111", "CVE-2020-2222", "GHSA-3333-3333-3333"]),
    })
    .map(({ rule, aliases }) => cve(rule, aliases));
  const anyScan = fc.record({
    tool: fc.constantFrom("semgrep", "trivy"),
    trusted: fc.boolean(),
    complete: fc.boolean(),
    order: fc.constantFrom(null, 1, 2, 3),
    observations: fc.array(fc.oneof(anyHit, anyCve), { maxLength: 8 }),
  });

  test("counts every observation to exactly one finding, and no finding twice", () => {
    fc.assert(
      fc.property(fc.array(anyScan, { maxLength: 6 }), (scans) => {
        const known = new KnownFindings();
        for (const one of scans) {
          const { outcomes, unseen } = known.take(one);
          const ordinals = outcomes
            .flatMap((outcome) => outcome.ordinals)
            .toSorted((a, b) => a - b);
          expect(ordinals).toEqual(one.observations.map((_, index) => index));
          const ids = [...outcomes.flatMap((outcome) => outcome.known ?? []), ...unseen.map((gone) => gone.known)]; // prettier-ignore
          expect(new Set(ids).size).toBe(ids.length);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("finds everything again when the same report comes again", () => {
    fc.assert(
      fc.property(fc.array(anyScan, { maxLength: 4 }), anyScan, (before, one) => {
        const known = new KnownFindings();
        for (const other of before) known.take(other);
        known.take(one);
        const again = known.take(one).opened;
        // One id of a tool at two places, which it also reports without: that takes one report more to settle.
        const contradicts = one.observations.some(({ fingerprint }) => fingerprint !== undefined);
        if (!contradicts) expect(again).toBe(0);
        expect(known.take(one).opened).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  test("gives every fingerprint to one finding, and no finding two CVEs", () => {
    fc.assert(
      fc.property(fc.array(anyScan, { maxLength: 6 }), (scans) => {
        const known = new KnownFindings();
        for (const one of scans) known.take(one);
        const all = [...known.findings.values()].flatMap(({ fingerprints }) => fingerprints.map(fingerprintKey)); // prettier-ignore
        expect(new Set(all).size).toBe(all.length);
        for (const { fingerprints } of known.findings.values()) {
          const cves = fingerprints.filter(({ algorithm }) => algorithm === "tidelock-dependency/1/cve"); // prettier-ignore
          expect(cves.length).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("never moves a finding towards its end for a report that nobody vouches for", () => {
    fc.assert(
      fc.property(fc.array(anyScan, { maxLength: 6 }), (scans) => {
        const known = new KnownFindings();
        for (const one of scans) {
          const before = new Map([...known.findings].map(([id, { status }]) => [id, status]));
          known.take(one);
          if (one.trusted && one.complete && one.order !== null) continue;
          for (const [id, { status }] of known.findings) {
            expect([before.get(id) ?? "open", "open"]).toContain(status);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  test("stays quick when one report repeats one hit, or gives one a hundred names", () => {
    const known = new KnownFindings();
    const names = Array.from({ length: 5_000 }, (_, index) =>
      cve("CVE-2020-1111", [`GHSA-2222-${String(index).padStart(4, "2").replaceAll(/[01]/g, "c")}-2222`]),
    ); // prettier-ignore
    const repeated = Array.from({ length: 5_000 }, () => code("a.ts", 1));
    const started = performance.now();
    const { outcomes } = known.take(scan(1, [...names, ...repeated]));
    expect(outcomes).toHaveLength(2);
    expect(known.take(scan(2, [...names, ...repeated])).opened).toBe(0);
    expect(performance.now() - started).toBeLessThan(30_000);
  });
});
