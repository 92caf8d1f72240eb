import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { verifyAuthenticationResponse } from "@simplewebauthn/server";
import { describe, expect, it } from "vitest";
import type { Assertion, Credential } from "../../model/webauthn.ts";
import { flag, verifyAssertion } from "./assertion.ts";
import { readCborMap } from "./cbor.ts";
import { encodeBase64url, readNewCredential } from "./enrolment.ts";
import { readCoseKey } from "./cose-key.ts";

/** Assertions of keys made here, put to our verifier and to an independent library. */

const rpId = "localhost";
const origin = "http://localhost:4180";
const challenge = createHash("sha256").update("what is approved").digest();

const head = (major: number, value: number): Buffer =>
  value < 24
    ? Buffer.from([(major << 5) | value])
    : value < 256
      ? Buffer.from([(major << 5) | 24, value])
      : Buffer.from([(major << 5) | 25, value >> 8, value & 255]);
const int = (value: number) => (value < 0 ? head(1, -1 - value) : head(0, value));
const bytes = (value: Buffer) => Buffer.concat([head(2, value.length), value]);
const map = (...entries: readonly [number, Buffer][]) =>
  Buffer.concat([head(5, entries.length), ...entries.flatMap(([key, value]) => [int(key), value])]);

type Kind = "ES256" | "EdDSA" | "RS256";

function makeKey(kind: Kind): { readonly cose: Buffer; readonly key: KeyObject } {
  const from = (text: string | undefined) => Buffer.from(text ?? "", "base64url");
  if (kind === "ES256") {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const { x, y } = publicKey.export({ format: "jwk" });
    return {
      key: privateKey,
      cose: map(
        [1, int(2)],
        [3, int(-7)],
        [-1, int(1)],
        [-2, bytes(from(x))],
        [-3, bytes(from(y))],
      ),
    };
  }
  if (kind === "EdDSA") {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const { x } = publicKey.export({ format: "jwk" });
    return {
      key: privateKey,
      cose: map([1, int(1)], [3, int(-8)], [-1, int(6)], [-2, bytes(from(x))]),
    };
  }
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const { n, e } = publicKey.export({ format: "jwk" });
  return {
    key: privateKey,
    cose: map([1, int(3)], [3, int(-257)], [-1, bytes(from(n))], [-2, bytes(from(e))]),
  };
}

interface Made {
  readonly credential: Credential;
  readonly assertion: Assertion;
  readonly cose: Buffer;
}

interface Changes {
  readonly flags?: number;
  readonly client?: Record<string, unknown>;
  readonly rpId?: string;
}

function make(kind: Kind, changes: Changes = {}): Made {
  const { cose, key } = makeKey(kind);
  const hash = createHash("sha256")
    .update(changes.rpId ?? rpId)
    .digest();
  const flags = changes.flags ?? flag.present | flag.verified;
  const data = Buffer.concat([hash, Buffer.from([flags, 0, 0, 0, 7])]);
  const client = Buffer.from(
    JSON.stringify({
      type: "webauthn.get",
      challenge: encodeBase64url(challenge),
      origin,
      crossOrigin: false,
      ...changes.client,
    }),
  );
  const signed = Buffer.concat([data, createHash("sha256").update(client).digest()]);
  const signature = sign(kind === "EdDSA" ? null : "sha256", signed, key);
  const credentialId = encodeBase64url(Buffer.from("credential"));
  return {
    cose,
    credential: { credentialId, coseKey: encodeBase64url(cose), rpId, origins: [origin] },
    assertion: {
      credentialId,
      authenticatorData: encodeBase64url(data),
      clientDataJSON: encodeBase64url(client),
      signature: encodeBase64url(signature),
    },
  };
}

async function byLibrary({ credential, assertion, cose }: Made): Promise<boolean> {
  const { verified } = await verifyAuthenticationResponse({
    response: {
      id: assertion.credentialId,
      rawId: assertion.credentialId,
      type: "public-key",
      clientExtensionResults: {},
      response: {
        authenticatorData: assertion.authenticatorData,
        clientDataJSON: assertion.clientDataJSON,
        signature: assertion.signature,
      },
    },
    expectedChallenge: encodeBase64url(challenge),
    expectedOrigin: [...credential.origins],
    expectedRPID: credential.rpId,
    requireUserVerification: true,
    credential: { id: credential.credentialId, publicKey: new Uint8Array(cose), counter: 0 },
  }).catch(() => ({ verified: false }));
  return verified;
}

const ours = ({ assertion, credential }: Made, of: Uint8Array = challenge) =>
  verifyAssertion(assertion, credential, of);

describe("an assertion", () => {
  it.each(["ES256", "EdDSA", "RS256"] as const)(
    "signed with %s is good to us and to an independent library",
    async (kind) => {
      const made = make(kind);
      expect(ours(made)).toEqual({
        ok: true,
        value: expect.objectContaining({ algorithm: kind, signCount: 7, backedUp: false }),
      });
      expect(await byLibrary(made)).toBe(true);
    },
  );

  it.each([
    ["of a registration", { client: { type: "webauthn.create" } }],
    ["over another challenge", { client: { challenge: encodeBase64url(Buffer.alloc(32)) } }],
    ["made at another origin", { client: { origin: "https://evil.example" } }],
    ["for another site", { rpId: "evil.example" }],
    ["with nobody present", { flags: flag.verified }],
    ["with nobody verified", { flags: flag.present }],
    [
      "that claims a backup of a key that has none",
      { flags: flag.present | flag.verified | flag.backedUp },
    ],
  ] satisfies [string, Changes][])("%s is refused by both", async (_what, changes) => {
    for (const kind of ["ES256", "EdDSA", "RS256"] as const) {
      const made = make(kind, changes);
      expect(ours(made).ok).toBe(false);
      expect(await byLibrary(made)).toBe(false);
    }
  });

  it("made inside somebody else's page is refused by us", () => {
    expect(ours(make("ES256", { client: { crossOrigin: true } })).ok).toBe(false);
    expect(ours(make("ES256", { client: { topOrigin: "https://evil.example" } })).ok).toBe(false);
  });

  it("with any byte changed is refused, and nothing throws", () => {
    const made = make("ES256");
    for (const field of ["authenticatorData", "clientDataJSON", "signature"] as const) {
      const content = Buffer.from(made.assertion[field], "base64url");
      for (let at = 0; at < content.length; at += 1) {
        const changed = Buffer.from(content);
        changed[at] = (changed[at] ?? 0) ^ 1;
        const assertion = { ...made.assertion, [field]: encodeBase64url(changed) };
        expect(verifyAssertion(assertion, made.credential, challenge).ok).toBe(false);
      }
    }
  });

  it("of one credential is none of another", () => {
    const [one, other] = [make("ES256"), make("ES256")];
    expect(verifyAssertion(one.assertion, other.credential, challenge).ok).toBe(false);
  });
});

describe("keys of authenticators", () => {
  it("refuses what is not canonical, twice the same name, or of another kind", () => {
    const { cose } = makeKey("ES256");
    expect(readCoseKey(cose).ok).toBe(true);
    expect(readCoseKey(Buffer.concat([cose, Buffer.from([0])])).ok).toBe(false);
    expect(readCborMap(map([1, int(2)], [1, int(2)]))).toBeNull();
    expect(readCborMap(Buffer.from([0xb8, 1, 1, 2]))).toBeNull();
    expect(readCoseKey(map([1, int(2)], [3, int(-35)])).ok).toBe(false);
    expect(
      readCoseKey(map([1, int(3)], [3, int(-257)], [-1, bytes(Buffer.alloc(64, 0xff))])).ok,
    ).toBe(false);
    for (let length = 0; length < cose.length; length += 1) {
      expect(readCoseKey(cose.subarray(0, length)).ok).toBe(false);
    }
  });

  it("reads a new credential, and refuses an old answer put as one", () => {
    const { cose } = makeKey("EdDSA");
    const id = Buffer.from("credential");
    const data = Buffer.concat([
      createHash("sha256").update(rpId).digest(),
      Buffer.from([flag.present | flag.verified | flag.attested, 0, 0, 0, 0]),
      Buffer.alloc(16),
      Buffer.from([0, id.length]),
      id,
      cose,
    ]);
    const client = { type: "webauthn.create", challenge: encodeBase64url(challenge), origin };
    const of = (said: object) => ({
      authenticatorData: encodeBase64url(data),
      clientDataJSON: encodeBase64url(Buffer.from(JSON.stringify(said))),
    });
    expect(readNewCredential(of(client), { challenge, rpId, origin })).toMatchObject({
      ok: true,
      value: { credential: { credentialId: encodeBase64url(id), coseKey: encodeBase64url(cose) } },
    });
    const expected = { challenge, rpId, origin };
    expect(readNewCredential(of({ ...client, type: "webauthn.get" }), expected).ok).toBe(false);
    expect(readNewCredential(of({ ...client, origin: "https://x" }), expected).ok).toBe(false);
    const other = { ...expected, challenge: new Uint8Array(32) };
    expect(readNewCredential(of(client), other).ok).toBe(false);
  });
});
