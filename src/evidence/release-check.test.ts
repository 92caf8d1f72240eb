import { generateKeyPairSync, sign } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import type { Digest } from "../model/primitives.ts";
import { ReleaseRequirements } from "../model/producers.ts";
import { utf8 } from "./bytes.ts";
import { encodeEnvelope } from "./dsse.ts";
import { releaseSignature } from "./predicates/release-signature.ts";
import type { Address } from "./address.ts";
import { checkRun } from "./predicates/check-run.ts";
import { makeSummary, summary } from "./predicates/summary.ts";
import { testResult, testResultPredicate } from "./predicates/test-result.ts";
import { checkRelease, type Material } from "./release-check.ts";
import type { AskedFor } from "./scope.ts";
import { type About, makeStatement, signStatement } from "./statement.ts";

const digest = (character: string): Digest => `sha256:${character.repeat(64)}`;
const release = {
  id: digest("0"),
  artifacts: [
    { name: "a", digest: digest("a") },
    { name: "b", digest: digest("b") },
  ],
};
const now = new Date("2026-11-21T10:00:00Z");

function maker() {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const signer = {
    name: "k",
    publicKey: publicKey.export({ type: "spki", format: "der" }).subarray(12),
    sign: async (message: Uint8Array) => sign(null, message, privateKey),
  };
  return {
    producer: {
      type: "key",
      keys: [publicKey.export({ type: "spki", format: "pem" }).toString()],
    } as const,
    about: async (
      name: string,
      digests: readonly Digest[],
      predicateType: string,
      predicate: Readonly<Record<string, unknown>> = {},
    ): Promise<Material> => {
      const subjects: About[] = digests.map((one) => ({ name: "x", digest: one }));
      const statement = makeStatement(subjects, predicateType, predicate);
      return { name, bytes: encodeEnvelope(await signStatement(signer, statement)) };
    },
  };
}

const [ci, person] = [maker(), maker()];
const producers = { ci: ci.producer, person: person.producer };
const builder = "https://example.test/builder";
const provenance = {
  buildDefinition: { buildType: "https://example.test/t", externalParameters: {} },
  runDetails: { builder: { id: builder } },
};
const slsa = "https://slsa.dev/provenance/v1";

const production: AskedFor = {
  service: "shop",
  environment: "production",
  colour: "green",
  configuration: digest("c"),
};

function check(
  material: readonly Material[],
  demands: object,
  asked: AskedFor | null = production,
) {
  const requirements = ReleaseRequirements.parse({ producers, ...demands });
  return checkRelease(release, material, requirements, now, asked);
}

const addressIn = (environment: string, more: Partial<Address> = {}): Address => ({
  service: "shop",
  environment,
  colour: production.colour,
  release: release.id,
  configuration: production.configuration,
  promotion: "p1",
  policy: digest("d"),
  ...more,
});

const summaryFor = (environment: string, passed: boolean, timeVerified: string) => ({
  ...makeSummary({
    lane: { service: "shop", environment },
    passed,
    timeVerified,
    policy: digest("d"),
    inputs: [],
    buildLevel: null,
    version: "1.0.0",
  }),
});

const testIn = (environment: string, more: object = {}) => ({
  ...testResultPredicate({
    place: {
      lane: { service: "shop", environment },
      colour: production.colour,
      configuration: production.configuration,
      release: release.id,
      finishedOn: "2026-11-21T09:00:00Z",
    },
    check: "smoke",
    demand: digest("e"),
    verdict: "pass",
    results: [],
  }),
  ...more,
});

describe("a statement that was made elsewhere", () => {
  const demand = (predicateType: string, more: object = {}) => ({
    attestations: [{ by: ["ci"], predicateType, ...more }],
  });
  const kinds: readonly (readonly [string, (environment: string) => object])[] = [
    [checkRun.type, (environment) => ({ address: addressIn(environment), verdict: "pass" })],
    [summary.type, (environment) => summaryFor(environment, true, "2026-11-21T09:00:00Z")],
    [testResult.type, (environment) => testIn(environment)],
  ];

  it.each(kinds)("of %s in testing counts for nothing in production", async (type, make) => {
    const testing = await ci.about("testing", [release.id], type, { ...make("testing") });
    const here = await ci.about("here", [release.id], type, { ...make("production") });
    expect(check([testing], demand(type))[0]).toMatchObject({
      met: false,
      message: expect.stringContaining(
        "it was made for environment testing, and production is demanded",
      ) as string,
    });
    expect(check([testing, here], demand(type))[0]?.met).toBe(true);
    // An owner may mean testing, and then production's own does not answer.
    const meant = demand(type, { environment: "testing" });
    expect(check([testing], meant)[0]?.met).toBe(true);
    expect(check([here], meant)[0]?.met).toBe(false);
    expect(check([testing], demand("https://*"))[0]?.met).toBe(false);
    // Where nothing says for which environment it is, the demand has to.
    expect(check([testing], demand(type), null)[0]).toMatchObject({
      met: false,
      message: expect.stringContaining("the demand does not say which one counts") as string,
    });
    expect(check([testing], meant, null)[0]?.met).toBe(true);
  });

  it.each([
    ["another colour", { colour: "blue" as const }, "made for colour blue, and green is demanded"],
    ["another configuration", { configuration: digest("9") }, "made for configuration sha256:99"],
    ["another service", { service: "bank" }, "made for service bank"],
    ["another release", { release: digest("8") }, "made for release sha256:88"],
  ])("for %s counts for nothing", async (_name, more, said) => {
    const predicate = { address: addressIn("production", more), verdict: "pass" };
    const other = await ci.about("other", [release.id], checkRun.type, predicate);
    expect(check([other], demand(checkRun.type))[0]).toMatchObject({
      met: false,
      message: expect.stringContaining(said) as string,
    });
  });

  it("need not name a colour or configuration, unless the demand does", async () => {
    const address = addressIn("production", { colour: null, configuration: null });
    const predicate = { address, verdict: "pass" };
    const still = await ci.about("static", [release.id], checkRun.type, predicate);
    expect(check([still], demand(checkRun.type))[0]?.met).toBe(true);
    expect(check([still], demand(checkRun.type, { colour: "green" }))[0]?.met).toBe(false);
    const wanted = demand(checkRun.type, { configuration: digest("c") });
    expect(check([still], wanted)[0]?.message).toContain("made for configuration none");
  });

  it("of ours without a readable address counts for nothing, and somebody else's needs none", async () => {
    const bare = await ci.about("bare", [release.id], checkRun.type, { verdict: "pass" });
    expect(check([bare], demand(checkRun.type))[0]?.message).toContain("does not say where");
    const spoilt = {
      result: "PASSED",
      configuration: [{ uri: "tidelock:service/shop/environment/testing" }],
    };
    const test = await ci.about("spoilt", [release.id], testResult.type, spoilt);
    expect(check([test], demand(testResult.type))[0]?.message).toContain("readably");
    const foreign = { result: "PASSED", configuration: [{ name: "unit tests" }] };
    const unit = await ci.about("unit", [release.id], testResult.type, foreign);
    expect(check([unit], demand(testResult.type))[0]?.met).toBe(true);
    const named = demand(testResult.type, { environment: "testing" });
    expect(check([unit], named)[0]?.message).toContain("does not say where it was made");
  });
});

describe("two statements that contradict each other", () => {
  const demand = (predicateType: string, by = ["ci"]) => ({
    attestations: [{ by, predicateType }],
  });
  const vsa = (passed: boolean, time: string, by = ci) =>
    by.about(`${passed}`, [release.id], summary.type, summaryFor("production", passed, time));

  it("count as the failure, whichever was handed in first", async () => {
    const passed = await vsa(true, "2026-11-21T08:00:00Z");
    const failed = await vsa(false, "2026-11-21T09:00:00Z");
    for (const pieces of [
      [passed, failed],
      [failed, passed],
    ]) {
      expect(check(pieces, demand(summary.type))[0]).toMatchObject({
        met: false,
        message: expect.stringContaining("its result is FAILED; only a later statement") as string,
      });
    }
  });

  it("count as the later word of the same producer, and of nobody else", async () => {
    const failed = await vsa(false, "2026-11-21T08:00:00Z");
    const later = await vsa(true, "2026-11-21T09:00:00Z");
    const same = await vsa(true, "2026-11-21T08:00:00Z");
    const others = await vsa(true, "2026-11-21T09:00:00Z", person);
    expect(check([failed, later], demand(summary.type))[0]?.met).toBe(true);
    expect(check([failed, same], demand(summary.type))[0]?.met).toBe(false);
    expect(check([failed, others], demand(summary.type, ["ci", "person"]))[0]?.met).toBe(false);
    // A pass of tomorrow cannot be said today.
    const tomorrow = await vsa(true, "2026-11-22T09:00:00Z");
    expect(check([failed, tomorrow], demand(summary.type))[0]?.met).toBe(false);
    // Who is not listed cannot spoil it.
    const foreign = await vsa(false, "2026-11-21T09:30:00Z", person);
    expect(check([later, foreign], demand(summary.type))[0]?.met).toBe(true);
    // Of another environment is another matter.
    const testing = summaryFor("testing", false, "2026-11-21T09:30:00Z");
    const elsewhere = await ci.about("testing", [release.id], summary.type, testing);
    expect(check([later, elsewhere], demand(summary.type))[0]?.met).toBe(true);
  });

  it("about tests have no order unless both say when, and one check does not mend another", async () => {
    const say = (name: string, predicate: object) =>
      ci.about(name, [release.id], testResult.type, { ...predicate });
    const foreign = (result: string) => ({ result, configuration: [{ name: "unit" }] });
    const undated = [await say("a", foreign("FAILED")), await say("b", foreign("PASSED"))];
    expect(check(undated, demand(testResult.type))[0]?.met).toBe(false);
    const run = (check: string, verdict: "pass" | "fail", finishedOn: string) => ({
      ...testResultPredicate({
        place: {
          lane: { service: "shop", environment: "production" },
          colour: "green",
          configuration: production.configuration,
          release: release.id,
          finishedOn,
        },
        check,
        demand: digest("e"),
        verdict,
        results: [],
      }),
    });
    const failed = await say("failed", run("smoke", "fail", "2026-11-21T08:00:00Z"));
    const other = await say("other", run("lint", "pass", "2026-11-21T09:00:00Z"));
    const again = await say("again", run("smoke", "pass", "2026-11-21T09:00:00Z"));
    expect(check([failed, other], demand(testResult.type))[0]?.met).toBe(false);
    expect(check([failed, other, again], demand(testResult.type))[0]?.met).toBe(true);
  });
});

describe("a release against what is demanded of it", () => {
  let signed: Material;
  beforeAll(async () => {
    signed = await person.about("sig", [release.id], releaseSignature.type);
  });

  it("never passes on absence", () => {
    const demands = {
      signature: [{ by: ["ci"] }],
      provenance: [{ by: ["ci"], builder }],
      sbom: {},
      attestations: [{ by: ["ci"], predicateType: "x" }],
    };
    const found = check([], demands);
    expect(found.map(({ asked, met }) => `${asked} ${met}`)).toEqual([
      "signature false",
      "provenance false",
      "sbom false",
      "attestation false",
    ]);
    expect(found[0]?.message).toBe("a signature by ci: none is there");
    expect(() => check([signed], { sbom: { by: ["nobody"] } })).toThrow(
      "nobody is not among the producers (there are: ci, person)",
    );
  });

  it("counts a signature over the release or over every artifact, by who is named", async () => {
    expect(check([signed], { signature: [{ by: ["ci", "person"] }] })[0]?.met).toBe(true);
    expect(check([signed], { signature: [{ by: ["ci"] }] })[0]?.met).toBe(false);
    const half = await person.about("half", [digest("a")], releaseSignature.type);
    const rest = await person.about("rest", [digest("b")], releaseSignature.type);
    expect(check([half], { signature: [{ by: ["person"] }] })[0]).toMatchObject({
      met: false,
      message: expect.stringContaining("not about artifact b"),
    });
    expect(check([half, rest], { signature: [{ by: ["person"] }] })[0]?.met).toBe(true);
    // Half by one and half by another is nobody's word for the whole.
    const other = await ci.about("other", [digest("b")], releaseSignature.type);
    expect(check([half, other], { signature: [{ by: ["person", "ci"] }] })[0]?.met).toBe(false);
  });

  it("matches the builder to its signer: another trusted key cannot speak for it", async () => {
    const right = await ci.about("p", [digest("a"), digest("b")], slsa, provenance);
    const wrong = await person.about("p", [digest("a"), digest("b")], slsa, provenance);
    const demands = { provenance: [{ by: ["ci"], builder, level: 2 }] };
    expect(check([right], demands)[0]).toMatchObject({ met: true, level: 2 });
    expect(check([wrong], demands)[0]).toMatchObject({ met: false, level: null });
    const another = { provenance: [{ by: ["ci"], builder: "https://example.test/other" }] };
    expect(check([right], another)[0]?.met).toBe(false);
  });

  it("takes a signature for no provenance, and a statement of one kind for no other", async () => {
    const demands = { attestations: [{ by: ["person"], predicateType: "https://x/*" }] };
    expect(check([signed], demands)[0]?.met).toBe(false);
    const right = await person.about("r", [release.id], "https://x/y");
    expect(check([right], demands)[0]?.met).toBe(true);
    expect(check([right], { signature: [{ by: ["person"] }] })[0]?.met).toBe(false);
  });

  it("takes no statement of a failure for the success that is demanded", async () => {
    const address = addressIn("production");
    const uri = { verifier: { id: "x" }, resourceUri: "pkg:x/y", verifiedLevels: [] };
    const results: readonly (readonly [string, object, object])[] = [
      [
        testResult.type,
        { result: "PASSED", configuration: [] },
        { result: "FAILED", configuration: [] },
      ],
      [
        summary.type,
        { ...uri, policy: {}, verificationResult: "PASSED" },
        { verificationResult: "FAILED" },
      ],
      [checkRun.type, { address, verdict: "warn" }, { address, verdict: "stale" }],
      [
        "https://tidelock.dev/predicate/decision/v1",
        { address, decision: { outcome: "allow" } },
        { address, decision: { outcome: "deny" } },
      ],
      ["https://tidelock.dev/predicate/completion/v1", { address, result: "complete" }, {}],
    ];
    for (const [predicateType, passed, failed] of results) {
      const demands = { attestations: [{ by: ["ci"], predicateType }] };
      const right = await ci.about("right", [release.id], predicateType, { ...passed });
      const wrong = await ci.about("wrong", [release.id], predicateType, { ...failed });
      expect(check([right], demands)[0]?.met, predicateType).toBe(true);
      expect(check([wrong], demands)[0], predicateType).toMatchObject({
        met: false,
        message: expect.stringContaining("its result is"),
      });
    }
  });

  it("wants an SBOM that is about this release and lists something", async () => {
    const bom = (more: object): Material => ({
      name: "bom",
      bytes: utf8(JSON.stringify({ bomFormat: "CycloneDX", specVersion: "1.6", ...more })),
    });
    const of = (character: string) => ({
      metadata: {
        component: { name: "x", hashes: [{ alg: "SHA-256", content: character.repeat(64) }] },
      },
    });
    const met = (...material: Material[]) => check(material, { sbom: {} })[0]?.met;
    expect(met(bom({ components: [{ name: "y" }] }))).toBe(true);
    expect(met(bom({ components: [] }))).toBe(false);
    expect(met(bom({ components: [], ...of("a") }))).toBe(true);
    expect(met(bom({ components: [{ name: "y" }], ...of("f") }))).toBe(false);
    expect(check([bom({ components: [{ name: "y" }] })], { sbom: { by: ["ci"] } })[0]?.met).toBe(
      false,
    );
    const predicate = { bomFormat: "CycloneDX", specVersion: "1.6", components: [] };
    const attested = await ci.about("b", [release.id], "https://cyclonedx.org/bom", predicate);
    expect(check([attested], { sbom: { by: ["ci"] } })[0]?.met).toBe(true);
  });
});
