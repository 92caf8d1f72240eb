import { generateKeyPairSync, sign } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import type { Digest } from "../model/primitives.ts";
import { ReleaseRequirements } from "../model/producers.ts";
import { utf8 } from "./bytes.ts";
import { encodeEnvelope } from "./dsse.ts";
import { releaseSignature } from "./predicates/release-signature.ts";
import { checkRelease, type Material } from "./release-check.ts";
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

function check(material: readonly Material[], demands: object) {
  const requirements = ReleaseRequirements.parse({ producers, ...demands });
  return checkRelease(release, material, requirements, now);
}

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
    const results: readonly (readonly [string, object, object])[] = [
      [
        "https://in-toto.io/attestation/test-result/v0.1",
        { result: "PASSED", configuration: [] },
        { result: "FAILED", configuration: [] },
      ],
      [
        "https://slsa.dev/verification_summary/v1",
        { verificationResult: "PASSED" },
        { verificationResult: "FAILED" },
      ],
      ["https://tidelock.dev/predicate/check-run/v1", { verdict: "warn" }, { verdict: "stale" }],
      [
        "https://tidelock.dev/predicate/decision/v1",
        { decision: { outcome: "allow" } },
        { decision: { outcome: "deny" } },
      ],
      ["https://tidelock.dev/predicate/completion/v1", { result: "complete" }, {}],
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
