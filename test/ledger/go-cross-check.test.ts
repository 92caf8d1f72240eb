import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { concat, fromBase64, toBase64 } from "../../src/ledger/bytes.ts";
import { verifyNote } from "../../src/ledger/checkpoint.ts";
import { formatVerifierKey, parseVerifierKey } from "../../src/ledger/note.ts";
import { proveConsistency, proveInclusion } from "../../src/ledger/proof.ts";
import { changedTiles, pathOf } from "../../src/ledger/tiles.ts";
import { findProgram, needs } from "../support/optional.ts";
import { LogInMemory, aSigner } from "./support.ts";

/** Go's golang.org/x/mod/sumdb, which stands behind the checksum database of every Go build. */
const folder = mkdtempSync(join(tmpdir(), "tidelock-go-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const go = findProgram("go") ?? findProgram("/usr/local/go/bin/go");
const program = go === null ? null : build(go);
const tool = needs(
  program !== null,
  go === null
    ? "go is not installed (apt-get install golang-go)"
    : "Go or its module golang.org/x/mod v0.29.0 cannot be used here; with TIDELOCK_TEST_INSTALL=1 it is downloaded",
);

/** From modules that are there already, unless downloading was asked for. */
function build(compiler: string): string | null {
  const source = join(folder, "source");
  cpSync(join(import.meta.dirname, "go"), source, { recursive: true });
  const download = process.env["TIDELOCK_TEST_INSTALL"] === "1" ? {} : { GOPROXY: "off" };
  const env = { ...process.env, ...download, GOTOOLCHAIN: "local" };
  const output = join(folder, "cross-check");
  const args = ["build", "-mod=readonly", "-buildvcs=false", "-o", output, "."];
  return spawnSync(compiler, args, { cwd: source, env, timeout: 240_000 }).status === 0
    ? output
    : null;
}

interface Answer {
  readonly text: string;
  readonly wrong: readonly string[] | null;
  readonly checked: number;
  readonly proofs: Proofs;
  readonly verifierKey: string;
  readonly note: string;
}
interface Proofs {
  readonly inclusion: string[][];
  readonly consistency: string[][];
}

describe.skipIf(tool.missing)("Go's sumdb/tlog and sumdb/note", () => {
  const size = 517;
  const memory = new LogInMemory().fill(size);
  const signer = aSigner("tidelock/one");
  let proofs: Proofs;
  let question: Record<string, unknown>;
  const ask = (change: Record<string, unknown> = {}): Answer =>
    JSON.parse(
      execFileSync(program ?? "", {
        input: JSON.stringify({ ...question, ...change }),
        encoding: "utf8",
        maxBuffer: 64e6,
      }),
    ) as Answer;

  beforeAll(async () => {
    const tiles = join(folder, "tiles");
    for (const tile of changedTiles(0, size)) {
      const path = join(tiles, pathOf(tile));
      mkdirSync(dirname(path), { recursive: true });
      const start = tile.index * 256;
      const hashes = Array.from({ length: tile.width }, (_, at) =>
        memory.hashAt(tile.level * 8, start + at),
      );
      writeFileSync(path, concat(...hashes));
    }
    const inclusion: string[][] = [];
    const consistency: string[][] = [];
    for (let at = 0; at < size; at++) {
      inclusion.push((await proveInclusion(at, size, memory.hashAt)).map(toBase64));
      consistency.push((await proveConsistency(at + 1, size, memory.hashAt)).map(toBase64));
    }
    proofs = { inclusion, consistency };
    question = {
      verifierKey: formatVerifierKey(signer.key),
      checkpoint: await memory.checkpoint(signer),
      entries: memory.entries.map(toBase64),
      roots: memory.roots.map(toBase64),
      proofs,
      tiles,
    };
  });

  it("agree with every root, proof, tile and the signed checkpoint, and make the same proofs", async () => {
    const answer = ask();
    expect(answer.wrong ?? []).toEqual([]);
    expect(answer.checked).toBe(1 + (size + 1) + 3 * size + size);
    expect(answer.text).toBe(`tidelock/one\n${size}\n${toBase64(memory.root())}\n`);
    expect(answer.proofs).toEqual(proofs);
    const go = parseVerifierKey(answer.verifierKey);
    expect(verifyNote(answer.note, [go])).toMatchObject({
      ok: true,
      note: { text: "signed by Go\n" },
    });
    expect(formatVerifierKey(go)).toBe(answer.verifierKey);
  });

  it("object where something is wrong, so that their agreement says something", () => {
    const inclusion = proofs.inclusion.with(3, proofs.inclusion[4] ?? []);
    const root = fromBase64(toBase64(memory.root(7)));
    root[0] = (root[0] ?? 0) ^ 1;
    const roots = memory.roots.map(toBase64).with(7, toBase64(root));
    const checkpoint = String(question["checkpoint"]).replace(`\n${size}\n`, `\n${size - 1}\n`);
    const { wrong, text } = ask({ proofs: { ...proofs, inclusion }, roots, checkpoint });
    expect(text).toBe("");
    expect(wrong?.map((line) => line.split(":")[0])).toEqual([
      "checkpoint",
      "root of size 7",
      "inclusion of 3",
      "consistency from 7",
    ]);
  });
});
