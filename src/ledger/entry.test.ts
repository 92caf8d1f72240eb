import fc from "fast-check";
import canonicalize from "canonicalize";
import { describe, expect, it } from "vitest";
import type { LeafEntry } from "../model/ledger.ts";
import { toHex, utf8 } from "./bytes.ts";
import { commit, decodeEntry, encodeEntry, encodePayload, opens } from "./entry.ts";

const entry: LeafEntry = {
  formatVersion: 1,
  kind: "effect.intent",
  operation: "promotion/1/deploy",
  stream: "shop/production",
  sequence: 1,
  previous: null,
  time: "2026-01-01T00:00:00.000Z",
  actor: "tidelock",
  payload: `hmac-sha256:${"a".repeat(64)}`,
};
const text = new TextDecoder().decode(encodeEntry(entry));
const decodeText = (changed: string) => () => decodeEntry(utf8(changed));

describe("an entry's bytes", () => {
  it("are the canonical JSON of the general implementation, whatever the texts", () => {
    const words = fc
      .string({ unit: "binary", minLength: 1, maxLength: 40 })
      .filter((s) => s.isWellFormed());
    const entries = fc.record({
      operation: words,
      stream: words,
      actor: words,
      sequence: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      previous: fc.constantFrom(null, "b".repeat(64)),
    });
    fc.assert(
      fc.property(entries, (change) => {
        const bytes = encodeEntry({ ...entry, ...change });
        expect(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes)).toBe(
          canonicalize({ ...entry, ...change }),
        );
        expect(decodeEntry(bytes)).toEqual({ ...entry, ...change });
      }),
    );
  });

  it.each([
    ["a space", text.replace(":", ": ")],
    ["a newline at the end", `${text}\n`],
    ["a byte order mark", `\ufeff${text}`],
    ["another order", text.replace(/^\{("actor":"tidelock"),(.*)\}$/, "{$2,$1}")],
    ["a key twice", text.replace(/^\{/, '{"actor":"person:x",')],
    ["an unknown key", text.replace(/\}$/, ',"zzz":1}')],
    ["a missing key", text.replace('"actor":"tidelock",', "")],
    ["an escape that is not needed", text.replace("tidelock", "tide\\u006cock")],
    ["an escaped slash", text.replace("shop/production", "shop\\/production")],
    ["a number written otherwise", text.replace('"sequence":1', '"sequence":1.0')],
    ["a number with exponent", text.replace('"sequence":1', '"sequence":1e0')],
    ["sequence 0", text.replace('"sequence":1', '"sequence":0')],
    ["a sequence beyond 2^53", text.replace('"sequence":1', '"sequence":9007199254740993')],
    ["a lone surrogate", text.replace("tidelock", "\\ud800")],
    ["another version", text.replace('"formatVersion":1', '"formatVersion":2')],
    ["a time without milliseconds", text.replace(".000Z", "Z")],
    ["a time with an offset", text.replace("Z", "+00:00")],
    ["a day that is none", text.replace("01-01T", "02-30T")],
    ["upper-case hex", text.replace("aaaa", "AAAA")],
    ["a prototype", text.replace(/\}$/, ',"__proto__":null}')],
    ["an array", `[${text}]`],
    ["null", "null"],
    ["nothing", ""],
    ["depth", "[".repeat(60_000)],
    ["a kind with a space", text.replace("effect.intent", "effect intent")],
  ])("are refused with %s", (_, changed) => {
    expect(changed).not.toBe(text);
    expect(decodeText(changed)).toThrow(expect.objectContaining({ code: "invalid-input" }));
  });

  it("are refused when they are not UTF-8 or too many", () => {
    expect(() => decodeEntry(Uint8Array.of(0xff))).toThrow(/UTF-8/);
    expect(() => decodeEntry(new Uint8Array(65_536))).toThrow(/above 65535/);
  });

  it("are refused, not misread, for any bytes at all", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => decodeEntry(bytes)).toThrow(
          expect.objectContaining({ code: "invalid-input" }),
        );
      }),
    );
  });
});

describe("a payload", () => {
  const salt = new Uint8Array(32).fill(9);
  const payload = { b: [1, "two", null], a: { ü: 1e21 } };
  const opening = { salt: toHex(salt), payload };

  it("opens its entry, in whatever order its keys stand", () => {
    const made = { ...entry, payload: commit(salt, payload) };
    expect(opens(made, opening)).toBe(true);
    expect(opens(made, { ...opening, payload: { a: { ü: 1e21 }, b: [1, "two", null] } })).toBe(
      true,
    );
  });

  it("does not open with anything changed", () => {
    const made = { ...entry, payload: commit(salt, payload) };
    expect(opens(made, { ...opening, payload: { ...payload, c: 1 } })).toBe(false);
    expect(opens(made, { ...opening, salt: toHex(salt.map((b) => b ^ 1)) })).toBe(false);
    expect(opens(made, { ...opening, salt: "" })).toBe(false);
    expect(opens(made, { ...opening, payload: { x: Number.NaN } })).toBe(false);
    expect(opens(made, { ...opening, payload: null } as never)).toBe(false);
    expect(opens(made, null as never)).toBe(false);
  });

  it("that JSON cannot say, or that is too big, is refused", () => {
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    for (const bad of [{ n: Number.NaN }, { n: Infinity }, { s: "\ud800" }, { n: 1n }, circle]) {
      expect(() => encodePayload(bad)).toThrow(expect.objectContaining({ code: "invalid-input" }));
    }
    expect(() => encodePayload({ text: "x".repeat(60_000) })).toThrow(/above 60000/);
    expect(() => commit(new Uint8Array(31), {})).toThrow(/32 bytes/);
  });
});
