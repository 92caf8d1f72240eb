import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { needsTool } from "../../../../test/support/optional.ts";
import { openSigningLab, type SigningLab, timeStamping } from "../../../../test/support/signing-lab.ts"; // prettier-ignore
import { openSigstoreLab, type SigstoreLab } from "../../../../test/support/sigstore-lab.ts";
import type { Producer } from "../../../model/producers.ts";
import { decodeBase64, utf8 } from "../../bytes.ts";
import { preAuthEncoding } from "../../dsse.ts";
import { makeStatement, signStatement } from "../../statement.ts";
import { verifyForeign } from "../verify.ts";
import { verifySigstore } from "./index.ts";

const openssl = needsTool("openssl");
const digest = `sha256:${"a".repeat(64)}`;
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();

describe.skipIf(openssl.missing)("a Sigstore bundle", () => {
  let lab: SigningLab;
  let sigstore: SigstoreLab;
  let bundle: Record<string, unknown>;
  let producer: Extract<Producer, { type: "sigstore" }>;
  const statement = makeStatement([{ name: "shop", digest }], "https://example.test/x", { a: 1 });
  const verified = { kind: "verified", signed: { kind: "statement", statement } };

  beforeAll(async () => {
    lab = openSigningLab(openssl.path);
    lab.issue("tsa", timeStamping);
    sigstore = openSigstoreLab(lab, "tsa");
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const envelope = await signStatement(
      {
        name: "ci",
        publicKey: publicKey.export({ type: "spki", format: "der" }).subarray(12),
        sign: async (message) => sign(null, message, privateKey),
      },
      statement,
    );
    const payload = decodeBase64(envelope.payload) ?? new Uint8Array();
    bundle = sigstore.bundle(
      { dsseEnvelope: envelope },
      {
        signature: decodeBase64(envelope.signatures[0]?.sig ?? "") ?? new Uint8Array(),
        digest: sha256(preAuthEncoding(envelope.payloadType, payload)),
        key: publicKey,
      },
    );
    producer = {
      type: "sigstore",
      trustedRoot: sigstore.trustedRoot,
      keys: [pem(publicKey)],
    };
  });
  afterAll(() => lab.dispose());

  const bytes = (value: unknown) => utf8(JSON.stringify(value));

  it("around an envelope of ours verifies offline: @sigstore/verify agrees with our signature", () => {
    expect(verifyForeign(bytes(bundle), producer, new Date())).toMatchObject(verified);
  });

  it("over an artifact verifies from the artifact's digest alone", () => {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const artifact = Buffer.from("bytes");
    const signature = sign("sha256", artifact, privateKey);
    const of = { signature, digest: sha256(artifact), key: publicKey };
    const messageSignature = {
      messageDigest: { algorithm: "SHA2_256", digest: of.digest.toString("base64") },
      signature: signature.toString("base64"),
    };
    const made = sigstore.bundle({ messageSignature }, of);
    const trust = { ...producer, keys: [...(producer.keys ?? []), pem(publicKey)] };
    expect(verifySigstore(bytes(made), trust)).toMatchObject({
      kind: "verified",
      signed: { kind: "signature", digest: `sha256:${of.digest.toString("hex")}` },
    });
    const other = {
      ...messageSignature.messageDigest,
      digest: sha256(of.digest).toString("base64"),
    };
    const changed = { ...made, messageSignature: { ...messageSignature, messageDigest: other } };
    expect(verifySigstore(bytes(changed), trust)).toMatchObject({ kind: "refused" });
  });

  it("is refused with another key, with an identity instead of a key, and with nobody trusted", () => {
    const { publicKey } = generateKeyPairSync("ed25519");
    const { keys: _, ...without } = producer;
    for (const trust of [
      { ...producer, keys: [pem(publicKey)] },
      { ...without, identity: { issuer: "x", subject: "*" } },
      without,
      { ...producer, trustedRoot: {} },
      { ...producer, trustedRoot: { tlogs: "x" } },
    ]) {
      expect(verifySigstore(bytes(bundle), trust)).toMatchObject({ kind: "refused" });
    }
  });

  it("is refused under a trusted root that does not say from when on it trusts", () => {
    for (const field of ["tlogs", "timestampAuthorities"]) {
      const root = structuredClone(sigstore.trustedRoot) as Record<
        string,
        Record<string, unknown>[]
      >;
      const [instance] = root[field] ?? [];
      const holder = (field === "tlogs" ? instance?.["publicKey"] : instance) as {
        validFor: { start?: string };
      };
      delete holder.validFor.start;
      const result = verifySigstore(bytes(bundle), { ...producer, trustedRoot: root });
      expect(result.kind === "refused" && result.problem).toContain("does not say from when on");
    }
  });

  it("in another format is another verifier's business", () => {
    for (const other of [{}, { payload: "", payloadType: "x", signatures: [] }, [], null, "x"]) {
      expect(verifySigstore(bytes(other), producer)).toEqual({ kind: "not-mine" });
    }
  });

  it("never says anything else after a flipped bit, and never throws", () => {
    const whole = bytes(bundle);
    fc.assert(
      fc.property(fc.nat({ max: whole.length * 8 - 1 }), (bit) => {
        const damaged = Uint8Array.from(whole);
        damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const result = verifyForeign(damaged, producer, new Date());
        // The key's hint and such are not signed; what the bundle states is.
        if (result.kind === "verified") expect(result).toMatchObject(verified);
      }),
      { numRuns: 400 },
    );
  });
});

function pem(key: KeyObject): string {
  return key.export({ type: "spki", format: "pem" }).toString();
}
