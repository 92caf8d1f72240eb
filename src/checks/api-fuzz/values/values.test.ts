import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { randomFrom } from "../../probing/random.ts";
import { violation } from "./conform.ts";
import { textFor } from "./pattern.ts";
import { type Manner, validValue } from "./valid.ts";

const manners: readonly Manner[] = ["sample", "least", "random"];

const schema = fc.letrec<{ any: object }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    fc
      .record({
        type: fc.constant("string"),
        minLength: fc.nat(20),
        pattern: fc.constantFrom(undefined),
      })
      .map(({ type, minLength }) => ({ type, minLength, maxLength: minLength + 5 })),
    fc
      .tuple(fc.integer({ min: -50, max: 50 }), fc.nat(20))
      .map(([minimum, room]) => ({ type: "integer", minimum, maximum: minimum + room })),
    fc.constantFrom(
      { type: "boolean" },
      { type: ["null", "integer"] },
      { enum: ["a", "b"] },
      { const: 7 },
      { type: "string", format: "uuid" },
    ),
    tie("any").map((items) => ({ type: "array", items, minItems: 1, maxItems: 3 })),
    fc.dictionary(fc.constantFrom("a", "b", "c"), tie("any")).map((properties) => ({
      type: "object",
      properties,
      required: Object.keys(properties).slice(0, 1),
      additionalProperties: false,
    })),
    fc.tuple(tie("any"), tie("any")).map((anyOf) => ({ anyOf })),
  ),
}));

describe("a value made for a schema", () => {
  it("is one that the schema takes", () => {
    fc.assert(
      fc.property(schema.any, fc.nat(1_000), fc.constantFrom(...manners), (one, seed, manner) => {
        const value = validValue(
          { root: {}, random: randomFrom(seed, "test"), manner },
          one,
          "field",
        );
        expect(violation({}, one, value)).toBeNull();
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    "^[a-z]{3,8}$",
    "^\\d{4}-\\d{2}$",
    "^(foo|bar)+x?$",
    "^[^@\\s]+@[a-z]+\\.com$",
    "[A-F0-9]{8}",
    "^SKU-[0-9]{2,}$",
  ])("matches %s", (pattern) => {
    for (let seed = 0; seed < 20; seed += 1)
      expect(textFor(pattern, randomFrom(seed, "p"))).toMatch(new RegExp(pattern));
  });

  it.each(["^(?=a)b", "(a)\\1", "[z-", "a{5", "\\p{L}"])("makes nothing up for %s", (pattern) => {
    expect(textFor(pattern, randomFrom(1, "p"))).toBeNull();
  });
});

describe("what a schema forbids", () => {
  it.each<readonly [object, unknown, RegExp]>([
    [{ type: "object", required: ["a"] }, {}, /has no a/],
    [{ properties: { a: { type: "integer" } } }, { a: 1.5 }, /a: is number, not integer/],
    [{ type: "array", items: { type: "string" } }, ["a", 1], /\[1\]: is number/],
    [{ type: "integer", minimum: 1, exclusiveMinimum: true }, 1, /below/],
    [{ type: "integer", exclusiveMaximum: 5 }, 5, /above/],
    [{ type: "object", additionalProperties: false }, { a: 1 }, /not declared/],
    [{ oneOf: [{ type: "string" }, { type: "null" }] }, 1, /none of its oneOf/],
    [{ type: "string", maxLength: 2 }, "😀😀😀", /longer/],
  ])("%j does not take %j", (one, value, says) => {
    expect(violation({}, one, value)).toMatch(says);
  });

  it.each<readonly [object, unknown]>([
    [{ type: "string", nullable: true }, null],
    [{ type: "string", maxLength: 2 }, "😀😀"],
    [{ type: "number" }, 1],
    [{ type: "string", pattern: "(" }, "x"],
    [{ properties: { a: { writeOnly: true } }, required: ["a"] }, {}],
    [{ $ref: "http://elsewhere.invalid/x" }, 7],
  ])("%j takes %j", (one, value) => {
    expect(violation({}, one, value)).toBeNull();
  });
});

describe("whatever a description demands, an answer is judged in a moment", () => {
  const took = (work: () => unknown) => {
    const began = performance.now();
    work();
    return performance.now() - began;
  };

  it("with patterns that take exponential time", () => {
    const root = {};
    const items = { type: "string", pattern: "^(a+)+$" };
    const answer = Array.from({ length: 30 }, () => `${"a".repeat(40)}!`);
    const once = () => took(() => violation(root, { type: "array", items }, answer));
    expect(once()).toBeLessThan(1_500);
    const all = Array.from({ length: 40 }, once).reduce((sum, one) => sum + one, 0);
    expect(all).toBeLessThan(8_000);
  });

  it("with many alternatives for a long text", () => {
    const anyOf = Array.from({ length: 5_000 }, () => ({ type: "string", maxLength: 1 }));
    expect(took(() => violation({}, { anyOf }, "a".repeat(100_000)))).toBeLessThan(2_000);
  });
});
