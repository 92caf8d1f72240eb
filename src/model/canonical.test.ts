import canonicalize from "canonicalize";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "./canonical.ts";

/** What the quick way writes is what the implementation by one of the RFC's authors writes, or it is not taken. */
function outcome(write: () => string | undefined): string {
  try {
    return write() ?? "refused";
  } catch {
    return "refused";
  }
}

const same = (value: unknown) => {
  expect(outcome(() => canonicalJson(value))).toBe(outcome(() => canonicalize(value)));
};

const key = fc.oneof(
  fc.string({ unit: "binary", maxLength: 4 }),
  fc.constantFrom("toJSON", "__proto__", "constructor", "10", "9", "01", "", "é", "\ud800", "\ufb33", "\u{1f600}"), // prettier-ignore
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: "binary", maxLength: 6 }),
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constantFrom(null, undefined, "\ud800", "\u2028", '"', -0, 1e21, 1e-7, Number.NaN),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie("value")), { maxLength: 5 }).map((pairs) => {
      const made: Record<string, unknown> = {};
      for (const [name, member] of pairs) {
        Object.defineProperty(made, name, { value: member, enumerable: true, configurable: true, writable: true }); // prettier-ignore
      }
      return made;
    }),
  ),
}));

describe("canonical JSON", () => {
  it("is the same text as the whole implementation writes, or refused as there", () => {
    fc.assert(fc.property(value, same), { numRuns: 5_000 });
  });

  it("is so for what is no plain JSON", () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    let deep: unknown = 1;
    for (let level = 0; level < 5_000; level += 1) deep = { b: deep, a: 1 };
    const sparse = [1, 2];
    sparse[3] = 4;
    class Own {
      readonly b = 1;
      readonly a = 2;
    }
    const inherited: unknown = Object.create({ a: 1 });
    for (const one of [
      cycle,
      deep,
      sparse,
      inherited,
      new Own(),
      new Date(0),
      Object(1),
      new Map([[1, 2]]),
      () => 1,
      Symbol("s"),
      undefined,
      1n,
      { a: { toJSON: () => 7 } },
      { b: undefined, a: () => 1 },
      JSON.parse('{"__proto__":{"b":1,"a":2},"a":1}'),
      Object.assign(Object.create(null), { b: 1, a: 2 }),
    ]) {
      same(one);
    }
  });

  it("changes nothing of what it is given", () => {
    const given = { b: [{ d: 1, c: 2 }], a: 1 };
    expect(canonicalJson(given)).toBe('{"a":1,"b":[{"c":2,"d":1}]}');
    expect(JSON.stringify(given)).toBe('{"b":[{"d":1,"c":2}],"a":1}');
  });
});
