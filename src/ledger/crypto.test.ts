import fc from "fast-check";
import { createHmac, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import { fromHex, toHex, utf8 } from "./bytes.ts";
import { isUsableKey, nobleCrypto, nodeCrypto, sha256, verifyEd25519 } from "./crypto.ts";

const node = nodeCrypto ?? nobleCrypto;

describe("the two implementations", () => {
  it("are two", () => expect(nodeCrypto).not.toBeNull());

  it("hash alike", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 99 }), (a, b) => {
        expect(toHex(node.sha256(a))).toBe(toHex(nobleCrypto.sha256(a)));
        expect(toHex(node.hmacSha256(b, a))).toBe(toHex(nobleCrypto.hmacSha256(b, a)));
      }),
    );
  });

  it("hash texts alike, whatever Unicode they have", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
        const digests = [node, nobleCrypto].map((one) => {
          const target = new Uint8Array(40);
          one.sha256TextInto(text, target, 4);
          return toHex(target);
        });
        expect(digests[0]).toBe(digests[1]);
        expect(digests[0]?.slice(8, 72)).toBe(toHex(node.sha256(utf8(text))));
      }),
    );
  });

  it("authenticate alike, whatever the length of key and data, and as Node's own does", () => {
    for (const [keyLength, length] of [0, 1, 31, 32, 63, 64, 65, 200].flatMap((k) =>
      [0, 1, 55, 64, 65_535, 65_536, 65_537, 200_000].map((l) => [k, l] as const),
    )) {
      const [key, data] = [randomBytes(keyLength), randomBytes(length)];
      const own = createHmac("sha256", key).update(data).digest("hex");
      expect(toHex(node.hmacSha256(key, data)), `${keyLength}, ${length}`).toBe(own);
    }
  });

  it("verify alike", () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const raw = Uint8Array.from(publicKey.export({ type: "spki", format: "der" }).subarray(-32));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(511), (message, bit) => {
        const right = Uint8Array.from(sign(null, message, privateKey));
        const wrong = Uint8Array.from(right);
        wrong[bit >> 3] = (wrong[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        for (const primitives of [node, nobleCrypto]) {
          expect(primitives.verify(raw, message, right)).toBe(true);
          expect(primitives.verify(raw, message, wrong)).toBe(false);
        }
      }),
      { numRuns: 20 },
    );
  });

  it("return plain bytes that are the caller's own", () => {
    const first = sha256(new Uint8Array(0));
    const copy = Uint8Array.from(first);
    sha256(Uint8Array.of(1));
    expect(first).toEqual(copy);
    expect(Object.getPrototypeOf(first)).toBe(Uint8Array.prototype);
  });
});

describe("Ed25519", () => {
  it("verifies test 2 of RFC 8032", () => {
    const key = fromHex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    const signature = fromHex(
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    );
    expect(verifyEd25519(key, Uint8Array.of(0x72), signature)).toBe(true);
    expect(verifyEd25519(key, Uint8Array.of(0x73), signature)).toBe(false);
  });

  it("refuses keys under which one signature fits every message", () => {
    const small = [
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
      // Not reduced: the same points written otherwise.
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    for (const hex of small) expect(isUsableKey(fromHex(hex)), hex).toBe(false);
    // R the neutral point, S zero: verifies any message under the neutral key where nobody looks.
    const signature = fromHex(`01${"00".repeat(63)}`);
    expect(verifyEd25519(fromHex(`01${"00".repeat(31)}`), Uint8Array.of(1), signature)).toBe(false);
  });

  it("refuses lengths that are not its own", () => {
    for (const length of [0, 31, 33, 64]) expect(isUsableKey(new Uint8Array(length))).toBe(false);
    const key = fromHex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    for (const length of [0, 63, 65]) {
      expect(verifyEd25519(key, new Uint8Array(1), new Uint8Array(length))).toBe(false);
    }
  });
});
