import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mostPacked, pack, parts } from "./packed.ts";

describe("many values as one parameter", () => {
  it("are told apart again by where they begin and how long they are, in bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" })), (values) => {
        const { bytes, from, size } = pack(values);
        const again = values.map((_, at) => {
          const begin = (from[at] ?? 0) - 1;
          return bytes.subarray(begin, begin + (size[at] ?? 0)).toString();
        });
        expect(again).toEqual(values);
      }),
    );
    expect(pack([Uint8Array.of(1, 2), Uint8Array.of(3)])).toEqual({
      bytes: Buffer.from([1, 2, 3]),
      from: [1, 3],
      size: [2, 1],
    });
  });

  it("are sent in parts that the database takes, in their order, one that is longer than a part alone", () => {
    const sizes = [5, mostPacked - 5, 1, mostPacked + 1, 2];
    const made = parts(sizes, (size) => size);
    expect(made).toEqual([[5, mostPacked - 5], [1], [mostPacked + 1], [2]]);
  });
});
