import { execFileSync } from "node:child_process";
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Signer } from "../ports/signer.ts";
import { decodeBase64, encodeBase64, encodeBase64Anywhere, utf8 } from "./bytes.ts";
import {
  type Envelope,
  encodeEnvelope,
  preAuthEncoding,
  readEnvelope,
  signEnvelope,
  verifyEnvelope,
} from "./dsse.ts";
import { ed25519Key, type PublicKey, readPublicKey } from "./keys.ts";

/** The protocol's own vector (secure-systems-lab/dsse, protocol.md). */
const vector = {
  payloadType: "http://example.com/HelloWorld",
  payload: "hello world",
  pae: "DSSEv1 29 http://example.com/HelloWorld 11 hello world",
  x: "67cd390f77aa359cb08c2235f652270493a9ed832b0abcc01f70954c0390d238",
  y: "0c782bd54e269125a44f4433aff1432ce94e12bca73aa67ac80cea12608ddf74",
  sig: "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==",
};

function pemOf(der: Buffer): string {
  return `-----BEGIN PUBLIC KEY-----\n${der.toString("base64")}\n-----END PUBLIC KEY-----\n`;
}

function publicKey(pem: string): PublicKey {
  const key = readPublicKey(pem);
  if (!key.ok) throw new Error(key.problem);
  return key.value;
}

function pair(type: "ed25519" | "P-256" | "P-384" = "ed25519") {
  const { privateKey, publicKey: open } =
    type === "ed25519"
      ? generateKeyPairSync("ed25519")
      : generateKeyPairSync("ec", { namedCurve: type });
  return { privateKey, pem: open.export({ type: "spki", format: "pem" }).toString(), open };
}

function signerOf(privateKey: KeyObject, open: KeyObject, name = "ci"): Signer {
  const raw = open.export({ type: "spki", format: "der" }).subarray(12);
  return {
    name,
    publicKey: raw,
    sign: async (message) => sign(null, message, privateKey),
  };
}

describe("DSSE", () => {
  it("encodes and verifies the protocol's own vector", () => {
    expect(Buffer.from(preAuthEncoding(vector.payloadType, utf8(vector.payload))).toString()).toBe(
      vector.pae,
    );
    const prefix = Buffer.from("3059301306072a8648ce3d020106082a8648ce3d03010703420004", "hex");
    const key = publicKey(pemOf(Buffer.concat([prefix, Buffer.from(vector.x + vector.y, "hex")])));
    const envelope = {
      payload: "aGVsbG8gd29ybGQ=",
      payloadType: vector.payloadType,
      signatures: [{ sig: vector.sig }],
    };
    const verified = verifyEnvelope(envelope, { keys: [key], payloadType: vector.payloadType });
    expect(verified).toMatchObject({ ok: true, value: { keys: [key.id] } });
    expect(verified.ok && Buffer.from(verified.value.payload).toString()).toBe(vector.payload);
  });

  it("counts the type's bytes and not its characters", () => {
    expect(Buffer.from(preAuthEncoding("é", utf8("€"))).toString()).toBe("DSSEv1 2 é 3 €");
  });

  it("signs through the port and verifies with the same key", async () => {
    const { privateKey, open, pem } = pair();
    const envelope = await signEnvelope(signerOf(privateKey, open), "text/x", utf8("hi"));
    expect(envelope.signatures[0]?.keyid).toBe("ci");
    const raw = ed25519Key(signerOf(privateKey, open).publicKey);
    expect(raw.ok && raw.value.id).toBe(publicKey(pem).id);
    const read = readEnvelope(encodeEnvelope(envelope));
    expect(read.ok && verifyEnvelope(read.value, trust([pem]))).toMatchObject({ ok: true });
  });

  it("reads both base64 alphabets, and only the canonical spelling", () => {
    const bytes = Uint8Array.from([251, 255, 190]);
    expect(decodeBase64("+/++")).toEqual(bytes);
    expect(decodeBase64("-_--")).toEqual(bytes);
    expect(decodeBase64("+/+-")).toBeNull();
    expect(decodeBase64("YQ")).toEqual(utf8("a"));
    expect(decodeBase64("YQ==")).toEqual(utf8("a"));
    for (const wrong of ["YR==", "YQ=", "Y", "YQ==\n", "Y Q=", "YQ==YQ=="]) {
      expect(decodeBase64(wrong), wrong).toBeNull();
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (given) => {
        expect(encodeBase64(given)).toBe(Buffer.from(given).toString("base64"));
        expect(encodeBase64Anywhere(given)).toBe(encodeBase64(given));
        expect(decodeBase64(Buffer.from(given).toString("base64url"))).toEqual(given);
      }),
    );
  });

  it("takes ECDSA signatures of P-256 and P-384 in both spellings", () => {
    for (const [type, hash] of [
      ["P-256", "sha256"],
      ["P-384", "sha384"],
    ] as const) {
      const { privateKey, pem } = pair(type);
      for (const dsaEncoding of ["der", "ieee-p1363"] as const) {
        const sig = sign(hash, signed, { key: privateKey, dsaEncoding }).toString("base64");
        expect(verifyEnvelope(envelopeOf([{ sig }]), trust([pem])), type).toMatchObject({
          ok: true,
        });
      }
    }
  });

  it("counts keys and not key ids: one key under two names is one", () => {
    const [one, two] = [pair(), pair()];
    const byOne = sign(null, signed, one.privateKey).toString("base64");
    const twice = envelopeOf([
      { sig: byOne, keyid: "a" },
      { sig: byOne, keyid: "b" },
    ]);
    expect(verifyEnvelope(twice, { ...trust([one.pem, one.pem]), threshold: 2 })).toMatchObject({
      ok: false,
      problem: "the envelope is signed by 1 of 2 trusted keys",
    });
    const byTwo = sign(null, signed, two.privateKey).toString("base64");
    const both = envelopeOf([{ sig: byOne }, { sig: byTwo, keyid: "anything" }]);
    expect(verifyEnvelope(both, { ...trust([one.pem, two.pem]), threshold: 2 })).toMatchObject({
      ok: true,
    });
  });

  it("knows a compressed and an uncompressed point as one key", () => {
    const { open, pem } = pair("P-256");
    const der = open.export({ type: "spki", format: "der" });
    const point = der.subarray(-64);
    const compressed = Buffer.concat([
      Buffer.from("3039301306072a8648ce3d020106082a8648ce3d030107032200", "hex"),
      Buffer.from([(point[63] ?? 0) % 2 === 0 ? 2 : 3]),
      point.subarray(0, 32),
    ]);
    expect(publicKey(pemOf(compressed)).id).toBe(publicKey(pem).id);
  });

  it("refuses another payload type, a threshold of nothing, and keys of small order", () => {
    const { privateKey, pem } = pair();
    const envelope = envelopeOf([{ sig: sign(null, signed, privateKey).toString("base64") }]);
    expect(verifyEnvelope(envelope, { ...trust([pem]), payloadType: "text/y" })).toMatchObject({
      ok: false,
    });
    expect(verifyEnvelope(envelope, { ...trust([pem]), threshold: 0 })).toMatchObject({
      ok: false,
    });
    const smallOrder = new Uint8Array(32);
    smallOrder[0] = 1;
    expect(ed25519Key(smallOrder)).toMatchObject({ ok: false });
  });

  it("agrees with openssl in both directions", () => {
    const folder = mkdtempSync(join(tmpdir(), "tidelock-dsse-"));
    try {
      const path = (name: string) => join(folder, name);
      const openssl = (...args: string[]) =>
        execFileSync("openssl", args, { stdio: ["ignore", "pipe", "pipe"] }).toString();
      openssl("genpkey", "-algorithm", "ed25519", "-out", path("key.pem"));
      const pem = openssl("pkey", "-in", path("key.pem"), "-pubout");
      writeFileSync(path("pae"), signed);
      openssl("pkeyutl", "-sign", "-rawin", "-inkey", path("key.pem"), "-in", path("pae"), "-out", path("sig")); // prettier-ignore
      const sig = execFileSync("base64", ["-w0", path("sig")]).toString();
      expect(verifyEnvelope(envelopeOf([{ sig }]), trust([pem]))).toMatchObject({ ok: true });

      const { privateKey, pem: ours } = pair();
      writeFileSync(path("ours.pem"), ours);
      writeFileSync(path("ours.sig"), sign(null, signed, privateKey));
      const said = openssl("pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", path("ours.pem"), "-in", path("pae"), "-sigfile", path("ours.sig")); // prettier-ignore
      expect(said).toContain("Signature Verified Successfully");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("never accepts other bytes after a flipped bit, and never throws", () => {
    const { privateKey, pem } = pair();
    const bytes = encodeEnvelope(
      envelopeOf([{ sig: sign(null, signed, privateKey).toString("base64"), keyid: "k" }]),
    );
    fc.assert(
      fc.property(fc.nat({ max: bytes.length * 8 - 1 }), (bit) => {
        const damaged = Uint8Array.from(bytes);
        damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const read = readEnvelope(damaged);
        if (!read.ok) return;
        const verified = verifyEnvelope(read.value, trust([pem]));
        // What is not signed (keyid, a key's name for it) may change; what is handed out may not.
        if (verified.ok) expect(verified.value.payload).toEqual(body);
      }),
      { numRuns: 1_000 },
    );
  });

  it("answers any bytes with a sentence", () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.json().map(utf8)), (bytes) => {
        const read = readEnvelope(bytes);
        if (!read.ok) expect(read.problem.length).toBeGreaterThan(5);
      }),
    );
  });
});

const body = utf8('{"a":1}');
const type = "text/x";
const signed = Buffer.from(preAuthEncoding(type, body));

function envelopeOf(signatures: Envelope["signatures"]): Envelope {
  return { payload: encodeBase64(body), payloadType: type, signatures };
}

function trust(pems: readonly string[]) {
  return { keys: pems.map(publicKey), payloadType: type };
}

it("names a key by the digest of its canonical form", () => {
  const { open, pem } = pair("P-384");
  const der = open.export({ type: "spki", format: "der" });
  expect(publicKey(pem).id).toBe(`sha256:${createHash("sha256").update(der).digest("hex")}`);
});
