import { generateKeyPairSync, sign } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Verdict } from "../model/verdict.ts";
import type { Signer } from "../ports/signer.ts";
import type { Address } from "./address.ts";
import { utf8 } from "./bytes.ts";
import { encodeEnvelope } from "./dsse.ts";
import { ed25519Key } from "./keys.ts";
import { completion } from "./predicates/completion.ts";
import { deployment } from "./predicates/deployment.ts";
import { verifyOwnEvidence } from "./predicates/predicate.ts";
import { checkProvenance } from "./predicates/provenance.ts";
import { checkSummary, makeSummary, summary } from "./predicates/summary.ts";
import { testResultOf, testResultPredicate } from "./predicates/test-result.ts";
import { matchesPattern } from "./pattern.ts";
import {
  encodeStatement,
  makeStatement,
  readStatement,
  signStatement,
  statementType,
  subjectDigests,
} from "./statement.ts";

const digest = (character: string) => `sha256:${character.repeat(64)}`;
const address: Address = {
  service: "shop",
  environment: "testing",
  colour: "green",
  release: digest("a"),
  configuration: digest("b"),
  promotion: "p-1",
  policy: digest("c"),
};

function signer(): { signer: Signer; keys: ReturnType<typeof keysOf> } {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(12);
  const made: Signer = {
    name: "evidence",
    publicKey: raw,
    sign: async (message) => sign(null, message, privateKey),
  };
  return { signer: made, keys: keysOf(raw) };
}

function keysOf(raw: Uint8Array) {
  const key = ed25519Key(raw);
  if (!key.ok) throw new Error(key.problem);
  return [key.value];
}

const predicate = {
  address,
  kind: "promotion",
  plan: digest("d"),
  replaced: null,
  deployedOn: "2026-11-21T10:00:00.000Z",
} as const;

describe("evidence of ours", () => {
  it("counts for exactly the address it was made for", async () => {
    const { signer: own, keys } = signer();
    const about = [{ name: "shop@1.0.0", digest: address.release }];
    const statement = makeStatement(about, deployment.type, predicate);
    const bytes = encodeEnvelope(await signStatement(own, statement));
    expect(verifyOwnEvidence(bytes, deployment, { keys, expected: address })).toEqual({
      ok: true,
      value: predicate,
    });
    const others: readonly Partial<Address>[] = [
      { environment: "production" },
      { colour: "blue" },
      { colour: null },
      { configuration: digest("e") },
      { promotion: "p-2" },
      { policy: digest("e") },
      { service: "cart" },
    ];
    for (const other of others) {
      const [field = ""] = Object.keys(other);
      const expected = { ...address, ...other };
      expect(verifyOwnEvidence(bytes, deployment, { keys, expected }), field).toMatchObject({
        ok: false,
        problem: expect.stringContaining(`its ${field} is`),
      });
    }
    const release = { ...address, release: digest("f") };
    expect(verifyOwnEvidence(bytes, deployment, { keys, expected: release })).toMatchObject({
      ok: false,
    });
    expect(verifyOwnEvidence(bytes, completion, { keys, expected: address })).toMatchObject({
      ok: false,
      problem: expect.stringContaining("is expected"),
    });
    expect(
      verifyOwnEvidence(bytes, deployment, { keys: signer().keys, expected: address }),
    ).toMatchObject({ ok: false });
  });

  it("is refused when its predicate says more than it may", async () => {
    const { signer: own, keys } = signer();
    const about = [{ name: "shop@1.0.0", digest: address.release }];
    const statement = makeStatement(about, deployment.type, { ...predicate, extra: true });
    const bytes = encodeEnvelope(await signStatement(own, statement));
    expect(verifyOwnEvidence(bytes, deployment, { keys, expected: address })).toMatchObject({
      ok: false,
      problem: expect.stringContaining("the predicate does not fit"),
    });
  });

  it("survives any damage without a throw, and hands out only what was signed", async () => {
    const { signer: own, keys } = signer();
    const about = [{ name: "shop@1.0.0", digest: address.release }];
    const bytes = encodeEnvelope(
      await signStatement(own, makeStatement(about, deployment.type, predicate)),
    );
    fc.assert(
      fc.property(fc.nat({ max: bytes.length * 8 - 1 }), (bit) => {
        const damaged = Uint8Array.from(bytes);
        damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const verified = verifyOwnEvidence(damaged, deployment, { keys, expected: address });
        if (verified.ok) expect(verified.value).toEqual(predicate);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("a statement", () => {
  it("matches subjects by SHA-256 alone, and names say nothing", () => {
    const statement = readStatement(
      utf8(
        JSON.stringify({
          _type: statementType,
          subject: [
            { name: digest("9"), digest: { sha1: "0".repeat(40) } },
            { name: "x", digest: { sha256: "A".repeat(64), sha512: "1" } },
            { digest: { sha256: "short" } },
          ],
          predicateType: "https://example.com/x",
          predicate: {},
        }),
      ),
    );
    expect(statement.ok && subjectDigests(statement.value)).toEqual([digest("a")]);
  });

  it("is the same bytes however its keys were ordered", () => {
    const one = makeStatement([], "t", { a: 1, b: { c: 2, d: 3 } });
    const two = makeStatement([], "t", { b: { d: 3, c: 2 }, a: 1 });
    expect(encodeStatement(one)).toEqual(encodeStatement(two));
  });

  it("of another version, without subjects or no object at all is refused", () => {
    for (const wrong of [
      { _type: "https://in-toto.io/Statement/v0.1", subject: [{ digest: {} }], predicateType: "x" },
      { _type: statementType, subject: [], predicateType: "x" },
      [],
      null,
      "text",
    ]) {
      expect(readStatement(utf8(JSON.stringify(wrong)))).toMatchObject({ ok: false });
    }
  });
});

describe("test-result v0.1", () => {
  it("has three results: everything but pass and warn is FAILED", () => {
    const results = Verdict.options.map((verdict) => [verdict, testResultOf(verdict)]);
    expect(Object.fromEntries(results)).toEqual({
      pass: "PASSED",
      warn: "WARNED",
      fail: "FAILED",
      inconclusive: "FAILED",
      partial: "FAILED",
      error: "FAILED",
      missing: "FAILED",
      stale: "FAILED",
    });
    expect(
      testResultPredicate({
        place: {
          lane: { service: "shop", environment: "testing" },
          colour: "green",
          configuration: digest("2"),
          release: digest("3"),
          finishedOn: "2026-11-21T10:00:00Z",
        },
        check: "smoke",
        demand: digest("1"),
        verdict: "partial",
        results: [
          { name: "a", verdict: "pass" },
          { name: "b", verdict: "stale" },
        ],
      }),
    ).toMatchObject({ result: "FAILED", passedTests: ["a"], failedTests: ["b"] });
  });
});

describe("a verification summary", () => {
  const lane = { service: "shop", environment: "production" };
  const of = {
    lane,
    passed: true,
    timeVerified: "2026-11-21T10:00:00.000Z",
    policy: digest("c"),
    inputs: [digest("2"), digest("1"), digest("2")],
    buildLevel: null,
    version: "0.1.0",
  };

  it("names the environment, the policy, its inputs, and only levels that were verified", () => {
    const made = makeSummary(of);
    expect(summary.schema.parse(made)).toEqual(made);
    expect(made).toMatchObject({
      resourceUri: "tidelock:service/shop/environment/production",
      verificationResult: "PASSED",
      verifiedLevels: ["SLSA_BUILD_LEVEL_UNEVALUATED"],
      inputAttestations: [
        { digest: { sha256: "1".repeat(64) } },
        { digest: { sha256: "2".repeat(64) } },
      ],
    });
    expect(makeSummary({ ...of, buildLevel: 2 }).verifiedLevels).toEqual(["SLSA_BUILD_LEVEL_2"]);
  });

  it("of a revoked decision is FAILED and claims no level", () => {
    expect(makeSummary({ ...of, passed: false, buildLevel: 3 })).toMatchObject({
      verificationResult: "FAILED",
      verifiedLevels: ["FAILED"],
    });
  });

  it("lets a release only into its own environment, under its own policy", () => {
    const made = makeSummary(of);
    expect(checkSummary(made, { lane, policy: digest("c") })).toMatchObject({ ok: true });
    const testing = { ...lane, environment: "testing" };
    expect(checkSummary(made, { lane: testing, policy: digest("c") })).toMatchObject({ ok: false });
    expect(checkSummary(made, { lane, policy: digest("d") })).toMatchObject({ ok: false });
    const failed = makeSummary({ ...of, passed: false });
    expect(checkSummary(failed, { lane, policy: digest("c") })).toMatchObject({ ok: false });
  });
});

describe("SLSA provenance", () => {
  const made = {
    buildDefinition: {
      buildType: "https://example.com/workflow/v1",
      externalParameters: {},
      resolvedDependencies: [{ uri: "git+https://example.com/shop@refs/heads/main" }],
    },
    runDetails: { builder: { id: "https://example.com/builder@v1" } },
  };
  const statement = makeStatement([], "https://slsa.dev/provenance/v1", made);

  it("is matched by builder, build type and source", () => {
    const builder = "https://example.com/builder@*";
    expect(checkProvenance(statement, { builder })).toMatchObject({ ok: true });
    const source = "git+https://example.com/shop@*";
    expect(checkProvenance(statement, { builder, source })).toMatchObject({ ok: true });
    for (const wrong of [
      { builder: "https://example.com/other" },
      { builder, buildType: "https://example.com/other" },
      { builder, source: "git+https://example.com/cart@*" },
    ]) {
      expect(checkProvenance(statement, wrong)).toMatchObject({ ok: false });
    }
  });
});

describe("a pattern", () => {
  it("knows only the asterisk", () => {
    expect(matchesPattern("a/b/c", "a/*/c")).toBe(true);
    expect(matchesPattern("a/c", "a/*/c")).toBe(false);
    expect(matchesPattern("aXc", "a.c")).toBe(false);
    expect(matchesPattern("aba", "ab*ba")).toBe(false);
    expect(matchesPattern("anything", "*")).toBe(true);
    expect(matchesPattern("xa", "a*")).toBe(false);
    expect(matchesPattern("ax", "*a")).toBe(false);
  });

  it("without an asterisk is equality", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        const plain = b.replaceAll("*", "");
        expect(matchesPattern(a, plain)).toBe(a === plain);
      }),
    );
  });
});
