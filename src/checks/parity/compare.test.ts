import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Process } from "../../model/pipeline.ts";
import type {
  ComparedKey,
  EnvironmentComparison,
  EnvironmentSide,
} from "../../ports/environment-comparison.ts";
import { compareRecords } from "./compare.ts";
import { flagIn, judge } from "./report.ts";
import { ParityConfiguration } from "./schema.ts";

const digest = fc.constantFrom("a", "b").map((letter) => `sha256:${letter.repeat(64)}`);
const name = fc.constantFrom("web", "worker", "constructor", "mail");
const word = fc.constantFrom("node", "bun", "server.js", "--fast");
const process = fc
  .record({
    command: fc.array(word, { minLength: 1, maxLength: 3 }),
    replicas: fc.integer({ min: 1, max: 3 }),
    port: fc.constantFrom("variable", "none"),
    state: fc.boolean(),
    resources: fc.record({ memoryMb: fc.constantFrom(64, 128) }, { requiredKeys: [] }),
  })
  .map((one) => Process.parse(one));
const program = fc.record({
  process: name,
  program: word,
  from: fc.constantFrom("release", "machine", "removed"),
});
const side: fc.Arbitrary<EnvironmentSide> = fc.record({
  release: digest,
  releaseName: fc.constant("shop@1.0.0"),
  pipeline: digest,
  processes: fc.dictionary(name, process),
  programs: fc.option(
    fc.array(program as fc.Arbitrary<NonNullable<EnvironmentSide["programs"]>[number]>, {
      maxLength: 4,
    }),
  ),
  parts: fc.array(fc.record({ name: word, mediaType: fc.constantFrom("x/tree", "x/doc") }), {
    maxLength: 3,
  }),
  tools: fc.dictionary(word, fc.constantFrom("v1", "v2")),
  facts: fc.record({
    target: fc.constantFrom("process", "script"),
    strategy: fc.constantFrom("blue-green", "recreate"),
    delivery: fc.constantFrom("files", "variables"),
    isolation: fc.constantFrom("none", "sandbox"),
  }),
  router: fc.option(
    fc.record({
      tls: fc.boolean(),
      headerBytes: fc.constantFrom(1, 2),
      bodyBytes: fc.constantFrom(1, 2),
      trustedProxies: fc.array(fc.constantFrom("10.0.0.1", "10.0.0.2"), { maxLength: 2 }),
    }),
  ),
  origin: fc.constant(null),
});
const kind = fc.constantFrom("value" as const, "secret" as const);
const keys: fc.Arbitrary<readonly ComparedKey[]> = fc.uniqueArray(
  fc
    .record({
      name: fc.constantFrom("DOCS_URL", "FEATURE_X", "DB"),
      here: fc.option(kind),
      there: fc.option(kind),
      same: fc.boolean(),
    })
    .filter(({ here, there }) => here !== null || there !== null)
    .map((one): ComparedKey => {
      return { ...one, same: one.here === "value" && one.there === "value" ? one.same : null };
    }),
  { selector: (one) => one.name },
);
const comparison = fc.record({
  environment: fc.constant("production"),
  here: side,
  there: side,
  nothing: fc.constant(null),
  keys,
});

const defaults = ParityConfiguration.parse({});
const compared = (one: EnvironmentComparison) => compareRecords(one, flagIn(defaults));

describe("the comparison of two environments", () => {
  it("finds nothing between an environment and itself", () => {
    fc.assert(
      fc.property(side, keys, (one, all) => {
        const same = all
          .filter(({ here }) => here !== null)
          .map((key) => {
            return { ...key, there: key.here, same: key.here === "value" ? true : null };
          });
        const found = compared({
          environment: "x",
          here: one,
          there: one,
          nothing: null,
          keys: same,
        });
        expect(found.differences).toEqual([]);
        expect(found.compared).toBeGreaterThan(0);
      }),
    );
  });

  it("finds the same places from the other side, and as many comparisons", () => {
    const mirrored = {
      "key-missing": "key-extra",
      "key-extra": "key-missing",
      "process-missing": "process-extra",
      "process-extra": "process-missing",
    } as Record<string, string>;
    fc.assert(
      fc.property(comparison, (one) => {
        const back = {
          ...one,
          here: one.there,
          there: one.here,
          keys: one.keys.map((key) => ({ ...key, here: key.there, there: key.here })),
        };
        const forth = compared(one);
        const other = compared(back);
        const named = (list: typeof forth.differences, turn: boolean) =>
          list
            .map(
              ({ class: which, place }) => `${turn ? (mirrored[which] ?? which) : which} ${place}`,
            )
            .sort();
        expect(named(other.differences, true)).toEqual(named(forth.differences, false));
        expect(other.compared).toBe(forth.compared);
      }),
    );
  });

  it("lets nothing count that was accepted or switched off, whatever it is, and the rest as before", () => {
    fc.assert(
      fc.property(comparison, (one) => {
        const { differences } = compared(one);
        const first = differences[0];
        if (first === undefined) return;
        const accept = [{ class: first.class, place: first.place, reason: "wanted" }];
        const accepting = ParityConfiguration.parse({ accept });
        const off = ParityConfiguration.parse({ severity: { [first.class]: "off" } });
        for (const found of differences) {
          const accepted = found.class === first.class && found.place === first.place;
          const before = judge(found, defaults).verdict;
          expect(judge(found, accepting).verdict).toBe(accepted ? "pass" : before);
          expect(judge(found, off).verdict).toBe(found.class === first.class ? "pass" : before);
        }
      }),
    );
  });
});
