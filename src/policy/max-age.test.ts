import { describe, expect, it } from "vitest";
import type { Evidence } from "./evidence.ts";
import { limitedBy } from "./max-age.ts";

const unreadable = "no time that can be read";
const run = (at: string, expiresAt: string | null): Evidence => ({
  check: "smoke",
  demand: `sha256:${"a".repeat(64)}`,
  service: "shop",
  environment: "production",
  release: `sha256:${"b".repeat(64)}`,
  configuration: null,
  colour: null,
  verdict: "pass",
  exercised: { requests: 1, assertions: 1, files: 1 },
  summary: "good",
  at,
  expiresAt,
});
const noon = "2026-01-01T12:00:00.000Z";
const ends = (item: Evidence, maxAgeMs: number) => limitedBy(maxAgeMs, [item])[0]?.expiresAt;

describe("an environment's greatest age", () => {
  it("ends evidence so long after it was gathered, unless that ends earlier by itself", () => {
    expect(ends(run(noon, null), 60_000)).toBe("2026-01-01T12:01:00.000Z");
    expect(ends(run(noon, "2026-01-01T12:01:00.001Z"), 60_000)).toBe("2026-01-01T12:01:00.000Z");
    expect(ends(run(noon, "2026-01-01T12:00:59.999Z"), 60_000)).toBe("2026-01-01T12:00:59.999Z");
    // Said by itself, in whatever way it is written.
    expect(ends(run(noon, "2026-01-01T13:01:00+01:00"), 60_000)).toBe("2026-01-01T13:01:00+01:00");
  });

  it("changes nothing else of it, and nothing at all where there is none", () => {
    const item = run(noon, null);
    expect(limitedBy(60_000, [item])).toEqual([{ ...item, expiresAt: "2026-01-01T12:01:00.000Z" }]);
    const all = [item];
    expect(limitedBy(undefined, all)).toBe(all);
  });

  it("takes evidence whose time or end nobody can read for expired", () => {
    expect(ends(run("yesterday", null), 60_000)).toBe(unreadable);
    expect(ends(run("yesterday", noon), 60_000)).toBe(unreadable);
    expect(ends(run(noon, "some day"), 60_000)).toBe(unreadable);
    expect(Date.parse(unreadable)).toBeNaN();
  });

  it("reaches to the last moment that a date can name, and takes what is later for expired", () => {
    const left = 8.64e15 - Date.parse(noon);
    expect(ends(run(noon, null), left)).toBe("+275760-09-13T00:00:00.000Z");
    expect(ends(run(noon, null), left + 1)).toBe(unreadable);
  });
});
