import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, afterEach, expect, it } from "vitest";
import { formatVerifierKey, noteKeyTypes, parseVerifierKey } from "../../src/ledger/note.ts";
import { proveConsistency } from "../../src/ledger/proof.ts";
import { askWitness, type KnownWitness, lastCosigned } from "../../src/witness/client.ts";
import { parseCheckpoint } from "../../src/ledger/checkpoint.ts";
import { parseNote } from "../../src/ledger/note.ts";
import { LogInMemory, aSigner } from "../ledger/support.ts";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "tidelock-witness-kill-"));
let child: ChildProcess | null = null;
afterEach(() => child?.kill("SIGKILL"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const log = aSigner("tidelock/one");
const memory = new LogInMemory().fill(400);

/** The program as a person starts it. */
async function start(): Promise<KnownWitness> {
  const words = ["witness", "start", "--state", join(folder, "state"), "--listen", "127.0.0.1:0"];
  const args = [join(root, "bin/tidelock.mjs"), ...words, "--log", formatVerifierKey(log.key)];
  child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], cwd: folder });
  const lines: string[] = [];
  if (child.stdout === null) throw new Error("no output");
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    if (lines.length === 2) break;
  }
  const key = parseVerifierKey(lines[0] ?? "");
  expect(key.type).toBe(noteKeyTypes.cosignature);
  return { name: key.name, key, url: lines[1] ?? "" };
}

it("killed at any moment, a witness forgets nothing that it cosigned, and is the same afterwards", async () => {
  let cosigned = 0;
  let size = 0;
  const keys = new Set<string>();
  for (let round = 0; round < 4; round++) {
    const witness = await start();
    keys.add(formatVerifierKey(witness.key));
    const shown = await lastCosigned(witness, "tidelock/one");
    const kept = shown === null ? 0 : parseCheckpoint(parseNote(shown).text).size;
    // What it answered is kept; what it kept without having answered may be one more.
    expect(kept).toBeGreaterThanOrEqual(cosigned);
    expect(kept).toBeLessThanOrEqual(size);
    const killed = once(child as ChildProcess, "exit");
    setTimeout(() => child?.kill("SIGKILL"), 30 + round * 37);
    try {
      while (size < 400) {
        size += 1;
        const prove = (from: number) => proveConsistency(from, size, memory.hashAt);
        const checkpoint = await memory.checkpoint(log, size);
        const answer = await askWitness(witness, checkpoint, cosigned, prove);
        expect(answer).toMatchObject({ kind: "cosigned" });
        cosigned = size;
      }
    } catch (error) {
      expect(error).toMatchObject({ code: "unavailable" });
    }
    await killed;
  }
  expect(keys.size).toBe(1);
  expect(cosigned).toBeGreaterThan(4);
});
