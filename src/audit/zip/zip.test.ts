import { deflateSync, strToU8, unzipSync, zipSync } from "fflate";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TidelockError } from "../../model/errors.ts";
import { readZip } from "./read-zip.ts";
import { writeZip } from "./write-zip.ts";

const text = (words: string) => new TextEncoder().encode(words);

function refusal(zip: Uint8Array, limits?: Parameters<typeof readZip>[1]): TidelockError {
  try {
    readZip(zip, limits);
  } catch (error) {
    if (error instanceof TidelockError) return error;
    throw error;
  }
  throw new Error("it was read");
}

const name = fc.stringMatching(/^[a-z0-9]{1,12}(\/[a-z0-9]{1,12})?$/);
const files = fc
  .uniqueArray(fc.tuple(name, fc.uint8Array({ maxLength: 200 })), {
    minLength: 1,
    maxLength: 8,
    selector: ([path]) => path,
  })
  .map((entries) => new Map(entries));

describe("a zip of ours", () => {
  it("comes back as it was written, here and in another zip program", () => {
    fc.assert(
      fc.property(files, (written) => {
        const zip = writeZip(written);
        expect([...readZip(zip)]).toEqual([...written]);
        const other = unzipSync(zip);
        for (const [path, bytes] of written) expect(other[path]).toEqual(bytes);
      }),
    );
  });

  it("has not one bit that may be another one", () => {
    const zip = writeZip(
      new Map([
        ["manifest.json", text("{}\n")],
        ["blobs/a", text("x")],
      ]),
    );
    const content = new Map(readZip(zip));
    for (let bit = 0; bit < zip.length * 8; bit += 1) {
      const changed = zip.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      let read: ReadonlyMap<string, Uint8Array> | null = null;
      try {
        read = readZip(changed);
      } catch {
        continue;
      }
      // A name may become another name, which the pack's manifest does not know.
      expect([...read.keys()], `bit ${bit}`).not.toEqual([...content.keys()]);
    }
  });

  it("is refused when it is cut off anywhere or continued", () => {
    const zip = writeZip(
      new Map([
        ["a", text("one")],
        ["b", text("two")],
      ]),
    );
    for (let size = 0; size < zip.length; size += 1) {
      expect(refusal(zip.subarray(0, size)).code).toBe("digest-mismatch");
    }
    expect(refusal(Uint8Array.of(...zip, 0)).code).toBe("digest-mismatch");
  });
});

describe("a hostile zip", () => {
  it("that would expand is refused before anything is expanded", () => {
    const bomb = zipSync({ "entries.jsonl": new Uint8Array(50_000_000) }, { level: 9 });
    expect(bomb.length).toBeLessThan(100_000);
    expect(refusal(bomb).message).toContain("compressed");
  });

  it("whose header lies about a size is refused", () => {
    const zip = writeZip(new Map([["a", text("four")]]));
    for (const size of [0xffffffff, 0x7fffffff, 5, 3, 0]) {
      const lying = zip.slice();
      new DataView(lying.buffer).setUint32(18, size, true);
      expect(refusal(lying).code).toBe("digest-mismatch");
    }
  });

  it.each([
    "../../etc/passwd",
    "/etc/passwd",
    "a\\b",
    "C:x",
    "blobs/../manifest.json",
    "blobs//x",
    "./manifest.json",
    ".hidden",
    "blobs/.hidden",
    "naïve",
    "a\u0000b",
    "a/",
    "",
  ])("with a file called %j is refused", (path) => {
    expect(refusal(writeZip(new Map([[path, text("x")]]))).code).toBe("digest-mismatch");
  });

  it("with one name twice is refused", () => {
    const one = writeZip(
      new Map([
        ["aa", text("x")],
        ["bb", text("y")],
      ]),
    );
    const twice = Uint8Array.from(one, (byte) => (byte === 0x62 ? 0x61 : byte));
    expect(refusal(twice).message).toContain("twice");
  });

  it("by another zip program is refused even when its files are right, and says what to do", () => {
    const error = refusal(zipSync({ a: text("x") }, { level: 0 }));
    expect(error.message).toContain("made by another program");
    expect(error.hint).toContain("as a folder");
  });

  it("larger than the limits is refused by its size alone", () => {
    const zip = writeZip(
      new Map([
        ["a", text("x")],
        ["b", text("y")],
      ]),
    );
    expect(refusal(zip, { bytes: 10, files: 10 }).code).toBe("invalid-input");
    expect(refusal(zip, { bytes: 1_000, files: 1 }).code).toBe("invalid-input");
  });

  it("of any bytes at all gives an error of ours and no crash", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(refusal(bytes)).toBeInstanceOf(TidelockError);
        const headed = Uint8Array.of(0x50, 0x4b, 3, 4, ...bytes);
        expect(refusal(headed)).toBeInstanceOf(TidelockError);
      }),
    );
    expect(refusal(deflateSync(strToU8("x"))).code).toBe("digest-mismatch");
  });
});
