import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/ledger/bytes.ts";
import { verifyNote } from "../../src/ledger/checkpoint.ts";
import { formatVerifierKey, keyId, parseNote, parseVerifierKey } from "../../src/ledger/note.ts";
import { verifyConsistency, verifyInclusion } from "../../src/ledger/proof.ts";
import { verifySubtreeConsistency, verifySubtreeInclusion } from "../../src/ledger/subtree.ts";

/**
 * Published cases: 518 of transparency-dev/merkle (inclusion and consistency, of whole trees and of subtrees) and the example of C2SP signed-note. All of them agree, the ones
 * of size 0 as well: these say that nothing is consistent with an empty tree. The one place where C2SP wants it
 * otherwise is a witness's first checkpoint, whose rule is src/witness's own.
 */
interface Case {
  readonly name: string;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}
interface Inclusion extends Case {
  readonly leafIdx: number;
  readonly treeSize: number;
  readonly root: string | null;
  readonly leafHash: string | null;
}
interface Consistency extends Case {
  readonly size1: number;
  readonly size2: number;
  readonly root1: string;
  readonly root2: string;
}
interface SubtreeInclusion extends Omit<Inclusion, "treeSize"> {
  readonly start: number;
  readonly end: number;
}
interface SubtreeConsistency extends Omit<Consistency, "size1" | "size2"> {
  readonly start: number;
  readonly end: number;
  readonly size: number;
}
interface Cases {
  readonly inclusion: Inclusion[];
  readonly consistency: Consistency[];
  readonly subtreeinclusion: SubtreeInclusion[];
  readonly subtreeconsistency: SubtreeConsistency[];
}

const read = (name: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, "../fixtures/ledger", name), "utf8"));
const cases = read("merkle.json") as Cases;
const bytes = (text: string | null) => Uint8Array.from(Buffer.from(text ?? "", "base64"));
const hashes = (texts: readonly string[] | null) => (texts ?? []).map(bytes);

describe("the published cases of Merkle proofs", () => {
  it("are all here", () => {
    const { inclusion, consistency, subtreeinclusion, subtreeconsistency } = cases;
    const all = [inclusion, consistency, subtreeinclusion, subtreeconsistency];
    expect(all.map(({ length }) => length)).toEqual([98, 98, 204, 118]);
  });

  it.each(cases.inclusion)("$name", ({ leafIdx, treeSize, root, leafHash, proof, wantErr }) => {
    const given = { index: leafIdx, size: treeSize, leafHash: bytes(leafHash) };
    const right = verifyInclusion({ ...given, proof: hashes(proof), root: bytes(root) });
    expect(right).toBe(!wantErr);
  });

  it.each(cases.consistency)("$name", ({ size1, size2, root1, root2, proof, wantErr }) => {
    const given = { from: size1, to: size2, fromRoot: bytes(root1), toRoot: bytes(root2) };
    expect(verifyConsistency({ ...given, proof: hashes(proof) })).toBe(!wantErr);
  });

  it.each(cases.subtreeinclusion)("$name", (one) => {
    const given = { subtree: one, index: one.leafIdx, leafHash: bytes(one.leafHash) };
    const right = verifySubtreeInclusion({
      ...given,
      proof: hashes(one.proof),
      root: bytes(one.root),
    });
    expect(right).toBe(!one.wantErr);
  });

  it.each(cases.subtreeconsistency)("$name", (one) => {
    const given = { subtree: one, size: one.size, node: bytes(one.root1), root: bytes(one.root2) };
    expect(verifySubtreeConsistency({ ...given, proof: hashes(one.proof) })).toBe(!one.wantErr);
  });
});

describe("the example of the signed-note specification", () => {
  const vector = read("signed-note.json") as Record<
    "verifierKey" | "keyName" | "keyIdHex" | "publicKeyHex" | "note" | "signedText",
    string
  >;

  it("verifies", () => {
    const key = parseVerifierKey(vector.verifierKey);
    expect([key.name, key.id, toHex(key.publicKey)]).toEqual([
      vector.keyName,
      vector.keyIdHex,
      vector.publicKeyHex,
    ]);
    expect(formatVerifierKey(key)).toBe(vector.verifierKey);
    expect(keyId(vector.keyName, 1, fromHex(vector.publicKeyHex))).toBe(vector.keyIdHex);
    expect(parseNote(vector.note).text).toBe(vector.signedText);
    expect(verifyNote(vector.note, [key])).toMatchObject({ ok: true });
    expect(verifyNote(new TextEncoder().encode(vector.note), [key])).toMatchObject({ ok: true });
  });

  it("does not verify with a letter changed", () => {
    const key = parseVerifierKey(vector.verifierKey);
    expect(verifyNote(vector.note.replace("example", "Example"), [key])).toEqual({
      ok: false,
      problem: "the signature of example.com/foo is wrong",
    });
  });
});
