import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { signingChallenge } from "../signing/challenge.ts";
import { challengePurposes, isChallengeFor } from "./challenge-kind.ts";
import { challengeLifeMs, makeChallenge, readChallenge } from "./challenge.ts";
import { cloneSign } from "./count.ts";

const key = randomBytes(32);
const at = 1_800_000_000_000;
const terms = { purpose: "sign-in", binding: "a browser" } as const;
const make = (now = at) => makeChallenge(key, terms, { nonce: randomBytes(16), now });

describe("a challenge of the server", () => {
  it("is taken for its purpose, its browser and five minutes", () => {
    const challenge = make();
    const taken = readChallenge(key, challenge, terms, at + challengeLifeMs - 1);
    expect(taken).toMatchObject({ ok: true, value: { ends: at + challengeLifeMs } });
    expect(readChallenge(key, challenge, terms, at + challengeLifeMs).ok).toBe(false);
    expect(readChallenge(key, challenge, terms, at - 1).ok).toBe(false);
    expect(readChallenge(key, challenge, { ...terms, binding: "another" }, at).ok).toBe(false);
    expect(readChallenge(randomBytes(32), challenge, terms, at).ok).toBe(false);
  });

  it("is never taken for another purpose, and no byte of it can be another", () => {
    const challenge = make();
    for (const purpose of challengePurposes.filter((one) => one !== "sign-in")) {
      expect(readChallenge(key, challenge, { ...terms, purpose }, at).ok).toBe(false);
      expect(isChallengeFor(challenge, purpose)).toBe(false);
    }
    for (let byte = 0; byte < challenge.length; byte += 1) {
      const changed = Uint8Array.from(challenge);
      changed[byte] = (changed[byte] ?? 0) ^ 1;
      expect(readChallenge(key, changed, terms, at).ok).toBe(false);
    }
    expect(readChallenge(key, challenge.subarray(1), terms, at).ok).toBe(false);
  });

  it("is never what an approval signs, and what an approval signs is no challenge for anything", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (payload) => {
        const approval = signingChallenge(payload);
        expect(approval.length).toBe(32);
        for (const purpose of challengePurposes) {
          const own = makeChallenge(
            key,
            { purpose, binding: "" },
            { nonce: randomBytes(16), now: at },
          );
          expect(own.length).not.toBe(approval.length);
          expect(isChallengeFor(own, purpose)).toBe(true);
          expect(isChallengeFor(approval, purpose)).toBe(false);
          expect(readChallenge(key, approval, { purpose, binding: "" }, at).ok).toBe(false);
        }
      }),
    );
  });

  it("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(readChallenge(key, bytes, terms, at).ok).toBe(false);
      }),
    );
  });
});

describe("the count of a passkey", () => {
  const bound = (signCount: number) => ({ signCount, backupEligible: false });
  it("has to rise where it counts at all", () => {
    expect(cloneSign(bound(0), bound(0))).toBeNull();
    expect(cloneSign(bound(3), bound(4))).toBeNull();
    expect(cloneSign(bound(4), bound(4))).toContain("copy");
    expect(cloneSign(bound(4), bound(3))).toContain("copy");
    expect(cloneSign(bound(4), bound(0))).toContain("copy");
  });

  it("says nothing of a key that is synchronised, which never becomes one that is not", () => {
    const synced = { signCount: 9, backupEligible: true };
    expect(cloneSign(synced, { ...synced, signCount: 0 })).toBeNull();
    expect(cloneSign(synced, bound(10))).toContain("cannot be copied");
    expect(cloneSign(bound(9), synced)).toContain("can be copied");
  });
});
