import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { strictestDiversity } from "../model/diversity.ts";
import { ground } from "./decide.ts";
import { type DiversityInput, diversityGrounds } from "./diversity.ts";

const scanner = (
  check: string,
  engine: string,
  ...kinds: DiversityInput["scanners"][0]["kinds"]
) => ({
  check,
  engine,
  kinds,
});
const passed = (...names: string[]) =>
  names.map((check) => ({ check, ground: ground("allow", "check.pass", `${check} passed`) }));

const four = [
  scanner("own", "sast", "sast"),
  scanner("rules", "eslint", "sast"),
  scanner("deep", "semgrep", "sast"),
  scanner("deep-again", "semgrep", "sast", "iac"),
];

describe("different programs of a kind", () => {
  it("count once each, whatever their checks are called", () => {
    const input = { asked: { sast: 2 }, scanners: four };
    expect(diversityGrounds(input, passed("deep", "deep-again"))).toEqual([
      ground(
        "deny",
        "diversity",
        "1 of 2 different programs of kind sast passed: semgrep; not own, rules",
      ),
    ]);
    expect(diversityGrounds(input, passed("deep", "own"))).toEqual([
      ground("allow", "diversity", "2 of 2 different programs of kind sast passed: sast, semgrep"),
    ]);
  });

  it("are missing with a sentence where no check of the kind is demanded", () => {
    const [found] = diversityGrounds({ asked: { secrets: 1 }, scanners: four }, passed("own"));
    expect(found).toMatchObject({
      outcome: "deny",
      message:
        "0 of 1 different programs of kind secrets passed; no check of another one is demanded before the switch",
    });
  });

  it("count with a warning that the demand allows, and not while they are waited for", () => {
    const input = { asked: { sast: 1 }, scanners: four };
    const answer = (outcome: "allow" | "deny", rule: string) =>
      diversityGrounds(input, [{ check: "own", ground: ground(outcome, rule, "") }])[0]?.outcome;
    expect(answer("allow", "check.warn")).toBe("allow");
    expect(answer("allow", "check.pending")).toBe("deny");
    for (const rule of ["check.fail", "check.partial", "check.inconclusive", "check.error"]) {
      expect(answer("deny", rule)).toBe("deny");
    }
  });

  it("do not count where one of several answers under the name is no pass, whichever comes first", () => {
    const input = { asked: { sast: 1 }, scanners: four };
    const failed = { check: "own", ground: ground("deny", "check.fail", "") };
    for (const answers of [
      [...passed("own"), failed],
      [failed, ...passed("own")],
    ]) {
      expect(diversityGrounds(input, answers)[0]?.outcome).toBe("deny");
    }
  });

  it("are not asked for where nobody does", () => {
    expect(diversityGrounds(undefined, passed("own"))).toEqual([]);
  });

  it("of floor and pipeline are the most that either asks; `each` is one of each of five kinds", () => {
    expect(strictestDiversity({ sast: 1, tls: 1 }, { sast: 2 })).toEqual({ sast: 2, tls: 1 });
    expect(strictestDiversity("each", { sast: 3 })).toEqual({
      sast: 3,
      secrets: 1,
      dependencies: 1,
      iac: 1,
      dast: 1,
    });
    expect(strictestDiversity(undefined, undefined)).toBeUndefined();
  });
});

describe("whatever is asked and whoever passed", () => {
  const kind = fc.constantFrom("sast" as const, "secrets" as const, "dast" as const);
  const scanners = fc.array(
    fc.record({
      check: fc.constantFrom("a", "b", "c", "d"),
      engine: fc.constantFrom("x", "y", "z"),
      kinds: fc.uniqueArray(kind, { minLength: 1 }),
    }),
    { maxLength: 6 },
  );
  const asked = fc.dictionary(kind, fc.integer({ min: 1, max: 3 }));
  const names = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"));
  const open = (input: DiversityInput, who: readonly string[]) =>
    diversityGrounds(input, passed(...who)).every(({ outcome }) => outcome === "allow");

  it("one more that passes never closes the gate, and one that does not never opens it", () => {
    fc.assert(
      fc.property(scanners, asked, names, names, (all, wanted, some, more) => {
        const input = { asked: wanted, scanners: all };
        if (open(input, some)) expect(open(input, [...some, ...more])).toBe(true);
      }),
    );
  });

  it("it opens only with that many different engines, and asking for more never opens it", () => {
    fc.assert(
      fc.property(scanners, asked, names, kind, (all, wanted, who, which) => {
        const input = { asked: wanted, scanners: all };
        const engines = new Set(
          all
            .filter(({ check, kinds }) => who.includes(check) && kinds.includes(which))
            .map(({ engine }) => engine),
        );
        const count = wanted[which] ?? 0;
        if (open(input, who)) expect(engines.size).toBeGreaterThanOrEqual(count);
        else {
          const stricter = { ...input, asked: { ...wanted, [which]: count + 1 } };
          expect(open(stricter, who)).toBe(false);
        }
      }),
    );
  });

  it("renaming checks that are one engine's changes nothing", () => {
    fc.assert(
      fc.property(scanners, asked, names, (all, wanted, who) => {
        const input = { asked: wanted, scanners: all };
        const twice = all.flatMap((one) => [one, { ...one, check: `${one.check}2` }]);
        const both = who.flatMap((name) => [name, `${name}2`]);
        expect(open({ ...input, scanners: twice }, both)).toBe(open(input, who));
      }),
    );
  });
});
