import { celEnv, celMethod, CelScalar, isCelError, listType, parse, plan } from "@bufbuild/cel";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { expect, it } from "vitest";
import { anyFacts, expression, nonsense } from "../../../test/support/rule-expressions.ts";
import type { GateFacts } from "../../model/gate-facts.ts";
import { compiledOrProblem, evaluate } from "./evaluate.ts";
import { factTypes } from "./fact-types.ts";
import { globMatcher } from "./glob.ts";
import { RuleProblem } from "./problem.ts";
import { type CelType, strip } from "./types.ts";

const runs = process.env["TIDELOCK_TEST_LONG"] === "1" ? 20_000 : 400;

it("never throws and never lets anything through that is no valid rule, whatever is written", () => {
  fc.assert(
    fc.property(nonsense, anyFacts, (text, facts) => {
      const compiled = compiledOrProblem(text);
      const { holds, unknown } = evaluate(text, facts);
      expect(typeof holds).toBe("boolean");
      if (!(compiled instanceof RuleProblem)) return;
      expect(holds).toBe(false);
      expect(unknown).toContain("no valid rule");
      expect(compiled.at).toBeGreaterThanOrEqual(0);
      expect(compiled.at).toBeLessThanOrEqual(text.length);
    }),
    { numRuns: runs },
  );
});

it("answers what another evaluator of CEL answers, on every expression that is let pass", () => {
  const seen = { holds: 0, denies: 0, unknown: 0, refused: 0 };
  fc.assert(
    fc.property(expression, anyFacts, (text, facts) => {
      if (compiledOrProblem(text) instanceof RuleProblem) {
        seen.refused += 1;
        expect(evaluate(text, facts).holds).toBe(false);
        return;
      }
      const { holds, unknown, leanedOn } = evaluate(text, facts);
      const theirs = elsewhere(text, facts);
      expect({ holds, known: unknown === null }).toEqual({
        holds: theirs === true,
        known: typeof theirs === "boolean",
      });
      if (holds) expect(leanedOn).toEqual([]);
      expect(evaluate(text, facts)).toEqual({ holds, unknown, leanedOn });
      seen[holds ? "holds" : unknown === null ? "denies" : "unknown"] += 1;
    }),
    { numRuns: runs },
  );
  // A comparison over nothing but refusals and errors would show nothing.
  expect(seen.holds).toBeGreaterThan(runs * 0.15);
  expect(seen.denies).toBeGreaterThan(runs * 0.15);
  expect(seen.unknown).toBeGreaterThan(runs * 0.02);
});

const env = celEnv({
  funcs: [
    celMethod("glob", CelScalar.STRING, [CelScalar.STRING], CelScalar.BOOL, function (pattern) {
      return globMatcher(pattern)(String(this));
    }),
    celMethod("distinct", listType(CelScalar.DYN), [], listType(CelScalar.DYN), function () {
      return [...new Set(this)];
    }),
  ],
});

/** By @bufbuild/cel's own evaluator; null: an error. */
function elsewhere(text: string, facts: GateFacts): boolean | null {
  const given: Record<string, unknown> = {};
  for (const [name, type] of factTypes) given[name] = toCel(facts[name as keyof GateFacts], type);
  const result = plan(env, parse(text))(given as never);
  return isCelError(result) || typeof result !== "boolean" ? null : result;
}

function toCel(value: unknown, declared: CelType): unknown {
  if (value === null || value === undefined) return null;
  const type = strip(declared);
  switch (type.kind) {
    case "int":
      return BigInt(Number(value));
    case "timestamp":
      return timestampFromMs(Date.parse(String(value)));
    case "list":
      return (value as readonly unknown[]).map((item) => toCel(item, type.of));
    case "map":
      return new Map(
        Object.entries(value as object).map(([key, one]) => [key, toCel(one, type.of)]),
      );
    case "object":
      return new Map(
        [...type.fields].map(([name, field]) => [
          name,
          toCel((value as Readonly<Record<string, unknown>>)[name], field),
        ]),
      );
    default:
      return value;
  }
}
