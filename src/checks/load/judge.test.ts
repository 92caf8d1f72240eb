import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inTurn } from "./generate.ts";
import { budgetOf, judge, type Limits } from "./judge.ts";
import { latencyOf, percentile, Samples } from "./percentile.ts";
import type { Failure, LoadReply, RouteCounts } from "./protocol.ts";
import { defaultBudget } from "./schema.ts";
import { kneeOf, levelsOf, type Level } from "./stress.ts";

const good: RouteCounts = {
  answered: 200,
  unexpected: {},
  failures: {},
  latency: { p50: 5, p95: 9, p99: 12, max: 20 },
  bytes: 1_000,
};

function reply(routes: RouteCounts[], generator: Partial<LoadReply["generator"]> = {}): LoadReply {
  return {
    routes,
    asked: routes.reduce((sum, { answered }) => sum + answered, 0),
    seconds: 10,
    mostUnderWay: 1,
    generator: { utilisation: 0.1, lateP95Ms: 2, lateMaxMs: 5, starved: 0, ...generator },
  };
}

function limits(change: Partial<Limits> & { budget?: object } = {}): Limits {
  const budget = budgetOf({}, change.budget ?? {});
  return { routes: [{ name: "GET /", budget }], perSecond: null, ...change };
}

const counts = fc.record({
  answered: fc.nat(1_000),
  unexpected: fc.dictionary(fc.constantFrom("301", "401", "404", "429", "500", "503"), fc.nat(50)),
  failures: fc.dictionary(
    fc.constantFrom<Failure>("timeout", "unsent", "reset", "garbage", "too-large"),
    fc.nat(50),
  ),
  latency: fc
    .array(fc.double({ min: 0, max: 2_000, noNaN: true }), { minLength: 1, maxLength: 50 })
    .map((values) => latencyOf(Float64Array.from(values))),
  bytes: fc.nat(),
}) as fc.Arbitrary<RouteCounts>;
const generators = fc.record({
  utilisation: fc.double({ min: 0, max: 1, noNaN: true }),
  lateP95Ms: fc.double({ min: 0, max: 500, noNaN: true }),
  lateMaxMs: fc.constantFrom(5, 500),
  starved: fc.constantFrom(0, 0, 0, 3),
});
const sum = (all: object) =>
  Object.values(all as Record<string, number>).reduce((total, one) => total + one, 0);

describe("the decision about a budget", () => {
  it("passes only what kept every limit, at a load that was really made", () => {
    fc.assert(
      fc.property(counts, generators, (one, generator) => {
        const judged = judge(reply([one], generator), limits());
        if (judged.verdict !== "pass") return;
        const wrong = sum(one.unexpected) + sum(one.failures);
        expect(one.answered).toBeGreaterThanOrEqual(20);
        expect(wrong / (wrong + one.answered)).toBeLessThanOrEqual(defaultBudget.errorShare);
        expect(one.latency?.p95).toBeLessThanOrEqual(defaultBudget.p95Ms);
        expect(generator.starved).toBe(0);
        expect(generator.utilisation).toBeLessThanOrEqual(0.9);
        expect(generator.lateP95Ms).toBeLessThanOrEqual(250);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is never better after one more wrong answer, a slower one or a laxer generator", () => {
    const order = ["pass", "inconclusive", "fail"];
    fc.assert(
      fc.property(counts, fc.nat(30), (one, more) => {
        const before = judge(reply([one]), limits());
        const worse = { ...one, unexpected: { ...one.unexpected } as Record<string, number> };
        worse.unexpected["500"] = (worse.unexpected["500"] ?? 0) + more;
        const after = judge(reply([worse]), limits());
        if (before.verdict !== "inconclusive") {
          expect(order.indexOf(after.verdict)).toBeGreaterThanOrEqual(
            order.indexOf(before.verdict),
          );
        } else expect(after.verdict).not.toBe("pass");
      }),
      { numRuns: 2_000 },
    );
  });

  it("calls slow answers nothing known, when the generator did not keep up, and server errors a failure all the same", () => {
    const late = { lateP95Ms: 400 };
    expect(judge(reply([good], late), limits()).verdict).toBe("inconclusive");
    expect(judge(reply([good], { utilisation: 0.97 }), limits()).verdict).toBe("inconclusive");
    expect(judge(reply([good], { starved: 1 }), limits()).verdict).toBe("inconclusive");
    const slow = { ...good, latency: { p50: 700, p95: 900, p99: 950, max: 999 } };
    expect(judge(reply([slow]), limits()).verdict).toBe("fail");
    // The worst delay of its own explains what is over the limit, or does not.
    expect(judge(reply([slow], { lateMaxMs: 399 }), limits()).verdict).toBe("fail");
    expect(judge(reply([slow], { lateMaxMs: 401 }), limits()).verdict).toBe("inconclusive");
    expect(judge(reply([slow], late), limits()).verdict).toBe("inconclusive");
    const hung = { ...good, failures: { timeout: 50 } };
    expect(judge(reply([hung]), limits()).verdict).toBe("fail");
    expect(judge(reply([hung], late), limits()).verdict).toBe("inconclusive");
    const broken = { ...good, unexpected: { "500": 50 } };
    expect(judge(reply([broken], late), limits()).verdict).toBe("fail");
  });

  it("judges each route by its own budget, and all of them by what they answer a second", () => {
    const two = limits({
      routes: [
        { name: "GET /", budget: budgetOf({}, {}) },
        { name: "GET /slow", budget: budgetOf({}, { p95Ms: 8 }) },
      ],
      perSecond: 41,
    });
    const judged = judge(reply([good, good]), two);
    expect(judged.results.map(({ name, verdict }) => [name, verdict])).toEqual([
      ["GET /slow", "fail"],
      ["answers a second", "fail"],
      ["GET /", "pass"],
    ]);
  });

  it("finds too few answers, none at all and only refusals inconclusive", () => {
    const of = (change: Partial<RouteCounts>) =>
      judge(reply([{ ...good, ...change }]), limits()).verdict;
    expect(of({ answered: 19 })).toBe("inconclusive");
    expect(of({ answered: 0 })).toBe("inconclusive");
    expect(of({ answered: 0, unexpected: { "302": 100 } })).toBe("inconclusive");
    expect(of({ answered: 0, unexpected: { "401": 60, "403": 40 } })).toBe("inconclusive");
    expect(of({ answered: 0, unexpected: { "500": 100 } })).toBe("fail");
    expect(of({ answered: 100, unexpected: { "401": 100 } })).toBe("fail");
    expect(judge(reply([]), { routes: [], perSecond: null }).verdict).toBe("inconclusive");
  });
});

describe("the knee", () => {
  const verdicts = fc.constantFrom<Level["verdict"]>(
    "pass",
    "pass",
    "pass",
    "fail",
    "inconclusive",
  );
  const stresses = fc
    .record({ from: fc.integer({ min: 1, max: 50 }), step: fc.integer({ min: 1, max: 50 }) })
    .chain(({ from, step }) =>
      fc
        .integer({ min: from, max: from + step * 20 })
        .chain((to) =>
          fc.integer({ min: from, max: to }).map((minimum) => ({ from, step, to, minimum })),
        ),
    );

  it("is the last level that held with all below it, and passes only from the minimum on", () => {
    fc.assert(
      fc.property(stresses, fc.array(verdicts, { maxLength: 25 }), (stress, given) => {
        const rates = levelsOf(stress).slice(0, given.length);
        const levels = rates.map((rate, index) => ({ rate, verdict: given[index] ?? "fail" }));
        const { verdict, knee, stopped } = kneeOf(levels, stress.minimum);
        expect(verdict === "pass").toBe(knee >= stress.minimum);
        for (const { rate, verdict: one } of levels) if (rate <= knee) expect(one).toBe("pass");
        if (stopped !== null) expect(stopped.verdict).not.toBe("pass");
        // What was never shown is no failure of the service.
        if (verdict === "fail") expect(stopped?.verdict).toBe("fail");
      }),
    );
  });

  it("always tries the minimum and the highest level, in order", () => {
    fc.assert(
      fc.property(stresses, (stress) => {
        const rates = levelsOf(stress);
        expect(rates).toContain(stress.minimum);
        expect(rates.at(-1)).toBe(stress.to);
        expect([...rates].sort((a, b) => a - b)).toEqual(rates);
      }),
    );
  });
});

describe("percentiles", () => {
  it("are values that occurred, and that share of all is not above them", () => {
    const values = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(values, fc.constantFrom(0.5, 0.95, 0.99, 1), (all, share) => {
        const samples = new Samples();
        for (const value of all) samples.add(value);
        const found = percentile(samples.values.toSorted(), share);
        expect(all).toContain(found);
        const notAbove = all.filter((value) => value <= found).length;
        expect(notAbove).toBeGreaterThanOrEqual(share * all.length - 1e-9);
      }),
    );
  });
});

it("gives every route its share, evenly mixed", () => {
  const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(weights, (each) => {
      const turn = inTurn(each);
      const total = each.reduce((all, one) => all + one, 0);
      const seen = each.map(() => 0);
      for (let index = 0; index < total; index += 1) {
        const place = turn();
        seen[place] = (seen[place] ?? 0) + 1;
      }
      expect(seen).toEqual(each);
    }),
  );
});
