import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { proveInclusion } from "../../src/ledger/proof.ts";
import { hashLeaf } from "../../src/ledger/hash.ts";
import { formatTlogProof, parseTlogProof, verifyTlogProof } from "../../src/ledger/tlog-proof.ts";
import { LogInMemory, aSigner } from "./support.ts";

const log = aSigner("tidelock/one");
const trusted = { origin: "tidelock/one", keys: [log.key] };
const memory = new LogInMemory().fill(20);

async function receipt(index: number, extra: Uint8Array | null = null): Promise<string> {
  return formatTlogProof({
    extra,
    index,
    proof: await proveInclusion(index, memory.size, memory.hashAt),
    checkpoint: await memory.checkpoint(log),
  });
}
const leafHashOf = (index: number) => hashLeaf(memory.entries[index] as Uint8Array);

describe("a tlog-proof", () => {
  it("has the form of the draft", async () => {
    const lines = (await receipt(13, Uint8Array.of(1, 2, 3))).split("\n");
    expect(lines.slice(0, 3)).toEqual(["c2sp.org/tlog-proof@v1", "extra AQID", "index 13"]);
    expect(lines.slice(3, 8).every((line) => line.length === 44)).toBe(true);
    expect(lines.slice(8, 11)).toEqual(["", "tidelock/one", "20"]);
  });

  it("proves its entry and no other", async () => {
    for (const index of [0, 7, 16, 19]) {
      const proof = await receipt(index);
      expect(verifyTlogProof(proof, leafHashOf(index), trusted)).toMatchObject({ ok: true, index });
      expect(verifyTlogProof(proof, leafHashOf((index + 1) % 20), trusted)).toMatchObject({
        ok: false,
      });
      const stranger = { ...trusted, keys: [aSigner("tidelock/one").key] };
      expect(verifyTlogProof(proof, leafHashOf(index), stranger)).toMatchObject({ ok: false });
    }
  });

  it("proves nothing with any bit flipped, but for its extra data", async () => {
    const bytes = new TextEncoder().encode(await receipt(13));
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        const copy = Uint8Array.from(bytes);
        copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(verifyTlogProof(copy, leafHashOf(13), trusted).ok).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ["another version", (text: string) => text.replace("@v1", "@v2")],
    ["CRLF", (text: string) => text.replaceAll("\n", "\r\n")],
    ["a leading zero", (text: string) => text.replace("index 13", "index 013")],
    ["a huge index", (text: string) => text.replace("index 13", "index 18446744073709551629")],
    ["no index", (text: string) => text.replace("index 13\n", "")],
    ["two extras", (text: string) => text.replace("index", "extra AQID\nextra AQID\nindex")],
    ["a short hash", (text: string) => text.replace("index 13\n", "index 13\nAQID\n")],
    ["no checkpoint", (text: string) => text.slice(0, text.indexOf("\n\n"))],
    [
      "too many hashes",
      (text: string) => text.replace("\n\n", `${`\n${"A".repeat(43)}=`.repeat(70)}\n\n`),
    ],
  ])("with %s is refused", async (_, change) => {
    const text = change(await receipt(13));
    expect(verifyTlogProof(text, leafHashOf(13), trusted).ok).toBe(false);
  });

  it("comes back from its text", async () => {
    const text = await receipt(3, new Uint8Array(0));
    expect(formatTlogProof(parseTlogProof(text))).toBe(text);
  });
});
