import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeCheckpoints } from "../../src/ledger/divergence.ts";
import { cosign } from "../../src/ledger/cosignature.ts";
import {
  formatNote,
  formatVerifierKey,
  mergeSignatures,
  noteKey,
  noteKeyTypes,
  parseNote,
  signNote,
} from "../../src/ledger/note.ts";
import { proveConsistency } from "../../src/ledger/proof.ts";
import { assess } from "../../src/ledger/quorum.ts";
import { TrustRoot } from "../../src/model/trust.ts";
import { LogInMemory, type TestSigner, aSigner } from "../ledger/support.ts";

const log = aSigner("tidelock/one");
const trusted = { origin: "tidelock/one", keys: [log.key] };
const memory = new LogInMemory().fill(40);
const other = new LogInMemory().fill(20);
other.append({ kind: "decision.made", operation: "never happened" });
other.fill(19);

describe("two checkpoints of one log", () => {
  it("that continue each other are consistent, at all sizes", async () => {
    const sizes = fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 40 }));
    await fc.assert(
      fc.asyncProperty(sizes, async (both) => {
        const [from, to] = both.toSorted((a, b) => a - b) as [number, number];
        const proof =
          from === 0 || from === to ? [] : await proveConsistency(from, to, memory.hashAt);
        const earlier = await memory.checkpoint(log, from);
        const later = await memory.checkpoint(log, to);
        const judged = judgeCheckpoints({ ...trusted, earlier, later, proof: { proof } });
        expect(judged).toEqual({ kind: "consistent" });
        if (from === to) return;
        const back = judgeCheckpoints({
          ...trusted,
          earlier: later,
          later: earlier,
          proof: { proof },
        });
        expect(back).toMatchObject({
          kind: "diverged",
          evidence: { kind: "rewind", sizes: [to, from] },
        });
      }),
      { numRuns: 40 },
    );
  });

  it("of one size and two roots are a split view, by their signatures alone", async () => {
    const judged = judgeCheckpoints({
      ...trusted,
      earlier: await memory.checkpoint(log, 30),
      later: await other.checkpoint(log, 30),
      proof: null,
    });
    expect(judged).toMatchObject({
      kind: "diverged",
      evidence: { kind: "split-view", sizes: [30, 30] },
    });
  });

  it("of a log that was written anew are a fork, proven by its own proof", async () => {
    for (const from of [21, 30, 32]) {
      const proof = await proveConsistency(from, 40, other.hashAt);
      const given = {
        ...trusted,
        earlier: await memory.checkpoint(log, from),
        later: await other.checkpoint(log, 40),
      };
      const claim = { proof, prefixRoot: other.root(from) };
      expect(judgeCheckpoints({ ...given, proof: claim })).toMatchObject({
        kind: "diverged",
        evidence: { kind: "fork", sizes: [from, 40] },
      });
      // Without the claim nothing is proven in either direction: nobody is accused, nothing is believed.
      expect(judgeCheckpoints({ ...given, proof: { proof } })).toMatchObject({ kind: "unproven" });
      expect(judgeCheckpoints({ ...given, proof: null })).toMatchObject({ kind: "unproven" });
    }
  });

  it("cannot be made to look forked by a proof that proves nothing", async () => {
    const proof = await proveConsistency(30, 40, memory.hashAt);
    const given = {
      ...trusted,
      earlier: await memory.checkpoint(log, 30),
      later: await memory.checkpoint(log, 40),
    };
    for (const claim of [
      { proof, prefixRoot: other.root(30) },
      { proof, prefixRoot: new Uint8Array(32) },
      { proof: [], prefixRoot: other.root(30) },
      { proof, prefixRoot: new Uint8Array(3) },
    ]) {
      expect(judgeCheckpoints({ ...given, proof: claim })).not.toMatchObject({ kind: "diverged" });
    }
  });

  it("say nothing when one is not signed by the log", async () => {
    const forged = await other.checkpoint(aSigner("tidelock/one"), 30);
    const real = await memory.checkpoint(log, 30);
    for (const [earlier, later] of [
      [forged, real],
      [real, forged],
      [real, ""],
    ] as const) {
      expect(judgeCheckpoints({ ...trusted, earlier, later, proof: null })).toMatchObject({
        kind: "invalid",
      });
    }
  });
});

describe("what a checkpoint is worth", () => {
  const witnesses = ["a", "b", "c"].map((name) =>
    aSigner(`witness.example/${name}`, noteKeyTypes.cosignature),
  );

  async function cosignedBy(...signers: readonly TestSigner[]): Promise<string> {
    const note = parseNote(await memory.checkpoint(log));
    const lines = await Promise.all(signers.map((one) => cosign(note.text, 1_700_000_000, one)));
    return formatNote(mergeSignatures(note, lines));
  }
  function trust(
    operators: readonly string[],
    quorum: number,
    change: Partial<TrustRoot["log"]> = {},
  ) {
    return TrustRoot.parse({
      kind: "TrustRoot",
      formatVersion: 1,
      log: {
        origin: "tidelock/one",
        keys: [formatVerifierKey(log.key)],
        operator: "us",
        ...change,
      },
      witnesses: operators.map((operator, at) => ({
        key: formatVerifierKey(witnesses[at]!.key),
        operator,
      })),
      quorum,
    });
  }

  it("grows from nothing to witnessed", async () => {
    expect(assess(await cosignedBy(), null)).toMatchObject({ ok: false });
    expect(assess(await cosignedBy(), trust([], 0))).toMatchObject({
      assurance: { grade: "self-signed" },
    });
    expect(assess(await cosignedBy(), trust([], 0), ["git@1"])).toMatchObject({
      assurance: { grade: "anchored", anchors: ["git@1"] },
    });
    expect(assess(await cosignedBy(...witnesses), trust(["x", "y", "z"], 3))).toMatchObject({
      ok: true,
      assurance: { grade: "witnessed", operators: ["x", "y", "z"] },
    });
  });

  it("counts operators, not keys, and never the log's own", async () => {
    const all = await cosignedBy(...witnesses);
    for (const [operators, quorum, counted] of [
      [["x", "x", "x"], 2, 1],
      [["x", " X ", "x"], 2, 1],
      [["us", "US ", "x"], 2, 1],
      [["x", "x\u200b", "\uff58"], 2, 1],
      [["u\u00ads", "us\u2060", "x"], 2, 1],
      [["unknown\ufeff", "\u200d", "\u3164"], 1, 0],
      [["unknown", "Unknown", ""], 1, 0],
    ] as const) {
      const names = operators.map((name) => name || " ");
      expect(assess(all, trust(names, quorum))).toMatchObject({
        ok: false,
        problem: expect.stringMatching(new RegExp(`^${counted} independent`)),
      });
    }
  });

  it("counts one key once, whatever names it is listed under", async () => {
    const [first] = witnesses as [TestSigner];
    const again = { ...first, name: "witness.example/second" };
    const key = noteKey(again.name, noteKeyTypes.cosignature, first.publicKey);
    const root = trust(["x"], 2);
    root.witnesses.push({ key: formatVerifierKey(key), operator: "y" });
    expect(assess(await cosignedBy(first, again), root)).toMatchObject({ ok: false });
    const own = noteKey("independent.example", noteKeyTypes.cosignature, log.publicKey);
    const fooled = { ...trust([], 1), witnesses: [{ key: formatVerifierKey(own), operator: "y" }] };
    expect(assess(await cosignedBy({ ...log, name: own.name }), fooled)).toMatchObject({
      ok: false,
    });
  });

  it("counts no plain signature as a witness's", async () => {
    const plain = aSigner("witness.example/plain");
    const note = parseNote(await memory.checkpoint(log));
    const both = formatNote(mergeSignatures(note, [await signNote(note.text, plain)]));
    const root = {
      ...trust([], 1),
      witnesses: [{ key: formatVerifierKey(plain.key), operator: "y" }],
    };
    expect(assess(both, root)).toMatchObject({ ok: false });
  });

  it("is nothing with a wrong cosignature, a wrong key or a trust root that is none", async () => {
    const note = await cosignedBy(...witnesses);
    const broken = note.replace(/\n$/, "").replace(/.$/, (last) => (last === "A" ? "E" : "A"));
    expect(assess(`${broken}\n`, trust(["x", "y", "z"], 0))).toMatchObject({ ok: false });
    const stranger = formatVerifierKey(aSigner("tidelock/one").key);
    expect(assess(note, trust(["x"], 0, { keys: [stranger] }))).toMatchObject({ ok: false });
    expect(assess(note, trust(["x"], 0, { origin: "tidelock/two" }))).toMatchObject({ ok: false });
    const root = trust(["x"], 0, { keys: ["tidelock/one+00000000+AAAA"] });
    expect(assess(note, root)).toMatchObject({
      ok: false,
      problem: expect.stringMatching(/^the trust root/),
    });
  });
});
