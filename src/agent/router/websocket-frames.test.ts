import fc from "fast-check";
import { expect, test } from "vitest";
import { closeFrame, FrameTracker } from "./websocket-frames.ts";

/** A frame as RFC 6455 section 5.2 writes it. */
function frame(length: number, masked: boolean, opcode: number): Buffer {
  const extended =
    length < 126 ? Buffer.alloc(0) : length < 65_536 ? Buffer.alloc(2) : Buffer.alloc(8);
  if (extended.length === 2) extended.writeUInt16BE(length);
  if (extended.length === 8) extended.writeBigUInt64BE(BigInt(length));
  const short = length < 126 ? length : extended.length === 2 ? 126 : 127;
  const first = Buffer.from([0x80 | opcode, (masked ? 0x80 : 0) | short]);
  // A payload that looks like frame headers must not confuse anybody.
  return Buffer.concat([
    first,
    extended,
    Buffer.alloc(masked ? 4 : 0, 0x88),
    Buffer.alloc(length, 0x81),
  ]);
}

const frames = fc.array(
  fc.record({
    length: fc.constantFrom(0, 1, 5, 125, 126, 127, 300, 65_535, 65_536, 70_000),
    masked: fc.boolean(),
  }),
  { minLength: 1, maxLength: 5 },
);

test("frame boundaries are found however the bytes are cut", () => {
  fc.assert(
    fc.property(
      frames,
      fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 20 }),
      (list, cuts) => {
        const tracker = new FrameTracker();
        let boundaries = new Set([0]);
        let total = 0;
        for (const { length, masked } of list) {
          total += frame(length, masked, 2).length;
          boundaries.add(total);
        }
        const bytes = Buffer.concat(list.map(({ length, masked }) => frame(length, masked, 2)));
        let at = 0;
        for (let turn = 0; at < bytes.length; turn++) {
          const end = Math.min(bytes.length, at + (cuts[turn % cuts.length] ?? 1));
          tracker.advance(bytes.subarray(at, end));
          at = end;
          expect(tracker.atBoundary).toBe(boundaries.has(at));
        }
        expect(tracker.sawClose).toBe(false);
      },
    ),
    { numRuns: 50 },
  );
});

test("untilBoundary takes the rest of the frame under way and not a byte more", () => {
  const bytes = Buffer.concat([frame(300, false, 1), frame(5, false, 1)]);
  const tracker = new FrameTracker();
  tracker.advance(bytes.subarray(0, 100));
  expect(tracker.untilBoundary(bytes.subarray(100))).toBe(frame(300, false, 1).length - 100);
  expect(tracker.atBoundary).toBe(true);
  expect(tracker.untilBoundary(frame(5, false, 1))).toBe(0);
});

test("a Close frame is noticed, and ours is one", () => {
  const tracker = new FrameTracker();
  tracker.advance(closeFrame(1001, "bye", true));
  expect(tracker.sawClose).toBe(true);
  expect(tracker.atBoundary).toBe(true);
  const plain = closeFrame(1001, "x".repeat(500), false);
  expect(plain.readUInt16BE(2)).toBe(1001);
  // A control frame's payload is at most 125 bytes.
  expect(plain).toHaveLength(2 + 125);
});
