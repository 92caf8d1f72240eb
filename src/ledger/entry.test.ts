import fc from "fast-check";
import canonicalize from "canonicalize";
import { describe, expect, it } from "vitest";
import { LeafEntry } from "../model/ledger.ts";
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
/** By the schema and a general implementation alone. */
function allowed(given: string): boolean {
  let value: unknown;
  try {
    value = JSON.parse(given);
  } catch {
    return false;
  }
  const parsed = LeafEntry.safeParse(value);
  if (!parsed.success || canonicalize(parsed.data) !== given) return false;
  return [parsed.data.actor, parsed.data.operation, parsed.data.stream].every((one) =>
    one.isWellFormed(),
  );
}

function isTaken(take: () => unknown): boolean {
  try {
    take();
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: "invalid-input" });
    return false;
  }
}

const digit = fc.constantFrom(..."0123456789");
const two = fc.tuple(digit, digit).map((digits) => digits.join(""));
const times = fc
  .tuple(two, two, two, two, two, two, two)
  .map(([a, b, c, d, e, f, g]) => `${a}${b}-${c}-${d}T${e}:${f}:${g}.000Z`);
/** Days at the ends of months, in years that are leap years and that are not. */
const edges = fc
  .tuple(
    fc.constantFrom("0000", "0004", "0100", "0400", "1900", "2000", "2023", "2024", "2100", "9999"),
    fc.integer({ min: 0, max: 13 }),
    fc.integer({ min: 0, max: 32 }),
    fc.constantFrom("00:00:00", "23:59:59", "24:00:00", "23:60:00", "23:59:60"),
  )
  .map(([year, month, day, clock]) => {
    const [m, d] = [month, day].map((n) => String(n).padStart(2, "0"));
    return `${year}-${m}-${d}T${clock}.000Z`;
  });
const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom("x".repeat(256), "x".repeat(257), "x".repeat(512), "x".repeat(513)),
  fc.constantFrom(
    "x".repeat(1_024),
    "x".repeat(1_025),
    "\ud83d\ude80".repeat(128),
    "\u2028",
    "\x7f",
  ),
);
const anyEntry = fc.record({
  formatVersion: fc.constantFrom<unknown>(1, 1, 1, 2, "1"),
  kind: fc.constantFrom<unknown>(
    "a.b",
    "a",
    "a.",
    ".a",
    "a-1.b-",
    "A",
    "a..b",
    "",
    1,
    'a"b',
    "a\n",
  ),
  operation: fc.oneof<fc.Arbitrary<unknown>[]>(texts, fc.constant(7)),
  stream: texts,
  sequence: fc.oneof<fc.Arbitrary<unknown>[]>(
    fc.integer({ min: -1, max: 20 }),
    fc.constantFrom(2 ** 53 - 1, 2 ** 53, 10 ** 15, 1.5, 1e21, "1", null),
  ),
  previous: fc.constantFrom<unknown>(
    null,
    ["b".repeat(64)],
    "b".repeat(64),
    "b".repeat(63),
    "B".repeat(64),
    0,
  ),
  time: fc.oneof<fc.Arbitrary<unknown>[]>(
    times,
    edges,
    fc.constantFrom("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.0000Z", 5),
  ),
  actor: texts,
  payload: fc.constantFrom<unknown>(
    `hmac-sha256:${"a".repeat(64)}`,
    `hmac-sha256:${"a".repeat(65)}`,
    `hmac-sha256:${"G".repeat(64)}`,
    "",
  ),
});
/** Mostly right: one or two of the keys are whatever they are. */
const nearEntry = fc
  .tuple(anyEntry, fc.subarray(Object.keys(entry), { maxLength: 2 }))
  .map(([other, keys]) => ({
    ...entry,
    ...Object.fromEntries(keys.map((key) => [key, other[key as keyof typeof other]])),
  }));

describe("the quick way takes exactly what the schema and canonical JSON take", () => {
  it("when it writes", () => {
    fc.assert(
      fc.property(nearEntry, fc.boolean(), (near, surplus) => {
        const given = (surplus ? { ...near, more: 1 } : near) as LeafEntry;
        const right = LeafEntry.safeParse(given).success;
        const wellFormed = [given.actor, given.operation, given.stream].every(
          (one) => typeof one !== "string" || one.isWellFormed(),
        );
        expect(isTaken(() => encodeEntry(given))).toBe(right && wellFormed);
      }),
      { numRuns: 3_000 },
    );
  });

  it("when it reads", () => {
    fc.assert(
      fc.property(nearEntry, (near) => {
        const given = canonicalize(near) ?? "";
        expect(isTaken(decodeText(given)), given).toBe(allowed(given));
      }),
      { numRuns: 3_000 },
    );
  });

  it("when a character of what it reads is another one, is gone or is new", () => {
    const places = fc.nat({ max: text.length - 1 });
    const letters = fc.constantFrom(...'"\\{}[]:,.-0129azAZ \u0000\u001f\u2028\n', "");
    fc.assert(
      fc.property(places, letters, fc.nat({ max: 1 }), (at, letter, width) => {
        const given = text.slice(0, at) + letter + text.slice(at + width);
        expect(isTaken(decodeText(given)), given).toBe(allowed(given));
      }),
      { numRuns: 5_000 },
    );
  });

  it("at the edges of the calendar", () => {
    fc.assert(
      fc.property(fc.oneof(edges, times), (time) => {
        const given = text.replace(entry.time, time);
        expect(isTaken(decodeText(given)), given).toBe(allowed(given));
      }),
      { numRuns: 3_000 },
    );
  });
});

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
