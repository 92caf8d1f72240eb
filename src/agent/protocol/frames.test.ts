import fc from "fast-check";
import { expect, test } from "vitest";
import { TidelockError } from "../../model/errors.ts";
import { FrameReader, encodeFrame, fromWire, toWire } from "./frames.ts";

test("frames come out whole, however the bytes were cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "grapheme" }), { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }),
      (texts, cuts) => {
        const bytes = Buffer.concat(texts.map((text) => encodeFrame({ text })));
        const seen: unknown[] = [];
        const reader = new FrameReader((line) => seen.push(JSON.parse(line)));
        for (let from = 0, turn = 0; from < bytes.length; turn += 1) {
          const size = cuts[turn % cuts.length] ?? 1;
          reader.push(bytes.subarray(from, from + size));
          from += size;
        }
        expect(seen).toEqual(texts.map((text) => ({ text })));
      },
    ),
  );
});

test("a frame that never ends is refused at the limit, not collected", () => {
  const reader = new FrameReader(() => undefined, 1_000);
  reader.push(Buffer.alloc(900, "x"));
  expect(() => reader.push(Buffer.alloc(200, "x"))).toThrow(/longer than 1000 bytes/);
});

test("a frame longer than the limit is not sent", () => {
  expect(() => encodeFrame({ text: "x".repeat(200) }, 100)).toThrow(TidelockError);
});

test("an error arrives as it was thrown, without its cause", () => {
  const thrown = new TidelockError("port-in-use", "taken", {
    fault: "operator",
    where: "127.0.0.1:80",
    hint: "another one",
    cause: new Error("secret"),
  });
  const wire = toWire(thrown);
  expect(JSON.stringify(wire)).not.toContain("secret");
  expect(fromWire(wire)).toMatchObject({
    code: "port-in-use",
    fault: "operator",
    where: "127.0.0.1:80",
    hint: "another one",
    retryable: false,
  });
});
