import { describe, expect, it } from "vitest";
import type { FactFinding } from "../model/gate-facts.ts";
import { sampleFacts, sampleFinding } from "./cel/sample-facts.ts";
import { type KnownFlaw, withFlaws } from "./flaws.ts";

const findings = sampleFacts().findings!;
const flaw = (change: Partial<KnownFlaw> = {}): KnownFlaw => ({
  advisory: "GHSA-new",
  aliases: ["CVE-1", "CVE-2"],
  severity: "high",
  package: "npm lodash",
  version: "4.17.0",
  fixedIn: "4.17.1",
  since: "2026-01-31T11:00:00.000Z",
  ...change,
});
const count = (items: readonly FactFinding[]) => ({
  open: { ...findings.open, total: items.length },
  new: findings.new,
  byKind: findings.byKind,
  items: [...items],
});
const facts = (items: FactFinding[] | null) => sampleFacts({ findings: { ...findings, items } });
const found = (
  known: readonly KnownFlaw[],
  items: FactFinding[] = [sampleFinding()],
  inLive: readonly string[] = [],
) => withFlaws(facts(items), known, new Set(inLive), count).findings?.items ?? [];
const added = (known: KnownFlaw, ...more: [FactFinding[]?, (readonly string[])?]) =>
  found([known], ...more).find(({ id }) => id === known.advisory);

describe("a published flaw that no scan has seen", () => {
  it("counts as a finding under the advisory's own id", () => {
    expect(added(flaw())).toEqual({
      ageSeconds: 3_600,
      aliases: ["CVE-1", "CVE-2"],
      fixable: true,
      id: "GHSA-new",
      kind: "dependency",
      knownExploited: false,
      new: true,
      overdue: false,
      rule: "GHSA-new",
      severity: "high",
      waived: false,
    });
    expect(added(flaw({ fixedIn: null }))?.fixable).toBe(false);
    const whole = withFlaws(facts([sampleFinding()]), [flaw()], new Set(), count);
    expect(whole.findings?.open.total).toBe(2);
    expect(whole.findings?.scannedBy).toEqual(findings.scannedBy);
  });

  it("stands where its severity puts it, the worst first", () => {
    const all = found([flaw(), flaw({ advisory: "GHSA-low", severity: "info" })]);
    expect(all.map(({ severity }) => severity)).toEqual(["high", "low", "info"]);
  });

  it("is not new where what is live has it, under whatever name", () => {
    for (const name of ["GHSA-new", "CVE-1", "CVE-2"]) {
      expect(added(flaw(), undefined, [name])?.new).toBe(false);
    }
    expect(added(flaw(), undefined, ["CVE-9"])?.new).toBe(true);
  });

  it("is as old as it is known, in whole seconds, and never younger than nothing", () => {
    const age = (since: string) => added(flaw({ since }))?.ageSeconds;
    expect(age("2026-01-31T11:59:57.001Z")).toBe(2);
    expect(age("2026-01-31T11:59:59.000Z")).toBe(1);
    expect(age("2026-01-31T12:00:00.000Z")).toBe(0);
    expect(age("2026-01-31T12:00:05.000Z")).toBe(0);
    expect(age("once")).toBe(0);
  });

  it("was held against no list of what is exploited where nothing was", () => {
    const unlisted = sampleFinding({ knownExploited: null });
    expect(added(flaw(), [unlisted])?.knownExploited).toBeNull();
    expect(added(flaw(), [])?.knownExploited).toBeNull();
    expect(added(flaw(), [unlisted, sampleFinding()])?.knownExploited).toBe(false);
  });
});

describe("nothing is added", () => {
  it("where a scan has seen it, under whatever name", () => {
    const seen = (change: Partial<FactFinding>) => {
      const input = facts([sampleFinding(change), sampleFinding()]);
      return withFlaws(input, [flaw()], new Set(), count) === input;
    };
    expect(seen({ rule: "GHSA-new" })).toBe(true);
    expect(seen({ rule: "CVE-2" })).toBe(true);
    expect(seen({ aliases: ["other", "CVE-1"] })).toBe(true);
    expect(seen({})).toBe(false);
  });

  it("where nothing is known of flaws or of findings", () => {
    const same = (input: ReturnType<typeof facts>, known: readonly KnownFlaw[]) =>
      withFlaws(input, known, new Set(), count) === input;
    expect(same(facts([]), [])).toBe(true);
    expect(same(facts(null), [flaw()])).toBe(true);
    expect(same(sampleFacts({ findings: null }), [flaw()])).toBe(true);
    expect(same(facts([]), [flaw()])).toBe(false);
  });
});
