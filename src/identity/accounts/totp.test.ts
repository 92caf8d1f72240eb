import { describe, expect, it } from "vitest";
import { base32, hotp, otpauthUri, stepOf, totpStep } from "./totp.ts";

const secret = Buffer.from("12345678901234567890");

describe("a code of an authenticator app", () => {
  it("is what RFC 4226 (appendix D) and RFC 6238 (appendix B, its last six digits) say", () => {
    const counted = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]; // prettier-ignore
    expect(counted.map((_, counter) => hotp(secret, counter))).toEqual(counted);
    for (const [seconds, code] of [
      [59, "287082"],
      [1_111_111_109, "081804"],
      [1_111_111_111, "050471"],
      [1_234_567_890, "005924"],
      [2_000_000_000, "279037"],
      [20_000_000_000, "353130"],
    ] as const) {
      expect(totpStep(secret, code, seconds * 1_000, 0)).toBe(stepOf(seconds * 1_000));
    }
  });

  it("counts one step early or late, and no further", () => {
    const now = 1_234_567_890_000;
    const step = stepOf(now);
    for (const [away, counts] of [
      [-2, false],
      [-1, true],
      [0, true],
      [1, true],
      [2, false],
    ] as const) {
      // prettier-ignore
      expect([away, totpStep(secret, hotp(secret, step + away), now, 0) !== null]).toEqual([
        away,
        counts,
      ]);
    }
  });

  it("counts once, and never after a later one", () => {
    const now = 1_234_567_890_000;
    const step = stepOf(now);
    expect(totpStep(secret, hotp(secret, step), now, step)).toBeNull();
    expect(totpStep(secret, hotp(secret, step - 1), now, step)).toBeNull();
    expect(totpStep(secret, hotp(secret, step + 1), now, step)).toBe(step + 1);
  });

  it("is no other text", () => {
    for (const wrong of ["", "28708", "2870822", "28708２", "abcdef"]) {
      expect(totpStep(secret, wrong, 59_000, 0)).toBeNull();
    }
  });
});

describe("the secret", () => {
  it("is written as RFC 4648 says", () => {
    const of = (text: string) => base32(Buffer.from(text));
    expect(["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(of)).toEqual(["", "MY", "MZXQ", "MZXW6", "MZXW6YQ", "MZXW6YTB", "MZXW6YTBOI"]); // prettier-ignore
    expect(otpauthUri(secret, "maria@shop.example")).toBe(
      "otpauth://totp/Tidelock:maria%40shop.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Tidelock",
    );
  });
});
