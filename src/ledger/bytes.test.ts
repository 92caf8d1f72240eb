import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromBase64, fromHex, fromUtf8, parseDecimal, toBase64, toHex } from "./bytes.ts";

describe("texts of bytes", () => {
  it("come back", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20_000 }), (bytes) => {
        expect(fromHex(toHex(bytes))).toEqual(bytes);
        expect(fromBase64(toBase64(bytes))).toEqual(bytes);
        expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    "A",
    "AA",
    "AA=",
    "AAA",
    "AB==",
    "AAB=",
    "AA==\n",
    " AA==",
    "A-_=",
    "AA==AA==",
    "AA=A",
    "====",
  ])("refuse %j as base64", (text) => {
    expect(() => fromBase64(text)).toThrow(/base64/);
  });

  it.each(["0", "A0", "zz", "0x", "00 "])("refuse %j as hex", (text) => {
    expect(() => fromHex(text)).toThrow(/hex/);
  });

  it("refuse bytes that are not UTF-8, and keep a byte order mark", () => {
    expect(() => fromUtf8(Uint8Array.of(0xc3, 0x28), "it")).toThrow(/UTF-8/);
    expect(() => fromUtf8(Uint8Array.of(0xed, 0xa0, 0x80), "it")).toThrow(/UTF-8/);
    expect(fromUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41), "it")).toBe("\ufeffA");
  });

  it("read numbers that are exact, and no others", () => {
    expect(parseDecimal("9007199254740991", "n")).toBe(Number.MAX_SAFE_INTEGER);
    expect(parseDecimal("0", "n")).toBe(0);
    const bad = [
      "",
      "00",
      "01",
      "-1",
      "+1",
      "1.0",
      "1e3",
      " 1",
      "1\n",
      "NaN",
      "0x1",
      "9007199254740992",
      "18446744073709551616",
      "\u0661",
    ];
    for (const text of bad) expect(() => parseDecimal(text, "n"), text).toThrow(/^n is/);
  });
});
