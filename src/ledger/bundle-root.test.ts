import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toHex } from "./bytes.ts";
import { rootOfFullBundle } from "./bundle-root.ts";
import { hashLeaf } from "./hash.ts";
import { Frontier } from "./range.ts";
import { encodeBundle } from "./tiles.ts";

describe("the root of a full bundle", () => {
  it("is the one that hash by hash comes out, and the bundle stays as it was", () => {
    const entries = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 256, maxLength: 256 });
    fc.assert(
      fc.property(entries, (all) => {
        const bundle = encodeBundle(all);
        const before = Uint8Array.from(bundle);
        const frontier = Frontier.empty();
        for (const entry of all) frontier.append(hashLeaf(entry));
        expect(toHex(rootOfFullBundle(bundle) ?? bundle)).toBe(toHex(frontier.root()));
        expect(bundle).toEqual(before);
      }),
      { numRuns: 20 },
    );
  });

  it("is none for bytes that are not 256 entries", () => {
    const entries = Array.from({ length: 257 }, (_, at) => Uint8Array.of(at & 255));
    for (const count of [0, 1, 255, 257]) {
      expect(rootOfFullBundle(encodeBundle(entries.slice(0, count)))).toBeNull();
    }
    const whole = encodeBundle(entries.slice(0, 256));
    expect(rootOfFullBundle(whole.subarray(0, -1))).toBeNull();
    expect(rootOfFullBundle(Uint8Array.of(...whole, 0))).toBeNull();
    expect(rootOfFullBundle(whole)).not.toBeNull();
  });
});
