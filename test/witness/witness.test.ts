import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { utf8 } from "../../src/ledger/bytes.ts";
import { formatCheckpoint, verifyCheckpoint } from "../../src/ledger/checkpoint.ts";
import { judgeCheckpoints } from "../../src/ledger/divergence.ts";
import { parseEvidence } from "../../src/ledger/evidence-file.ts";
import { emptyRoot } from "../../src/ledger/hash.ts";
import {
  type NoteKey,
  formatNote,
  formatVerifierKey,
  mergeSignatures,
  parseNote,
  parseSignatureLine,
  parseVerifierKey,
  signNote,
} from "../../src/ledger/note.ts";
import { proveConsistency } from "../../src/ledger/proof.ts";
import { formatRequest } from "../../src/witness/request.ts";
import { runWitness } from "../../src/witness/run-witness.ts";
import { LogInMemory, aSigner, signedCheckpoint } from "../ledger/support.ts";

const log = aSigner("tidelock/one");
const memory = new LogInMemory().fill(40);
/** The same log for a while, then another: who holds the key wrote it anew from entry 20 on. */
const other = new LogInMemory().fill(20);
other.append({ kind: "decision.made", operation: "never happened" });
other.fill(19);

let state: string;
let running: Running;
const notices: string[] = [];

interface Running {
  readonly url: string;
  readonly key: NoteKey;
  stop(): Promise<void>;
}

async function start(
  change: { logs?: string[]; name?: string; folder?: string } = {},
): Promise<Running> {
  const stop = new AbortController();
  let done: Promise<void> = Promise.resolve();
  const ready = await new Promise<{ url: string; key: string }>((resolve, reject) => {
    done = runWitness({
      state: change.folder ?? state,
      listen: "127.0.0.1:0",
      logs: change.logs ?? [formatVerifierKey(log.key)],
      ...(change.name === undefined ? {} : { name: change.name }),
      notice: (message) => notices.push(message),
      ready: resolve,
      signal: stop.signal,
    });
    done.catch(reject);
  });
  return {
    url: ready.url,
    key: parseVerifierKey(ready.key),
    stop: async () => {
      stop.abort();
      await done;
    },
  };
}

beforeEach(async () => {
  notices.length = 0;
  state = mkdtempSync(join(tmpdir(), "tidelock-witness-"));
  running = await start();
});

afterEach(async () => {
  await running.stop();
  rmSync(state, { recursive: true, force: true });
});

async function post(
  body: string | Uint8Array,
): Promise<{ status: number; type: string | null; body: string }> {
  const response = await fetch(`${running.url}/add-checkpoint`, {
    method: "POST",
    body: body as string,
  });
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    body: await response.text(),
  };
}

async function request(from: number, to: number, tree = memory, signer = log): Promise<string> {
  const proof = from === 0 || from > to ? [] : await proveConsistency(from, to, tree.hashAt);
  return formatRequest(from, proof, await tree.checkpoint(signer, to));
}

function cosigned(checkpoint: string, line: string, key = running.key) {
  const note = parseNote(checkpoint);
  const merged = formatNote(mergeSignatures(note, [parseSignatureLine(line.trimEnd())]));
  return verifyCheckpoint(merged, { origin: "tidelock/one", keys: [log.key] }, [key]);
}

describe("a witness", () => {
  it("cosigns a log's first checkpoint, and those that continue it", async () => {
    for (const [from, to] of [
      [0, 7],
      [7, 7],
      [7, 16],
      [16, 40],
    ] as const) {
      const answer = await post(await request(from, to));
      expect(answer, answer.body).toMatchObject({ status: 200 });
      expect(answer.body).toMatch(/^\u2014 \S+ \S+\n$/);
      const seen = cosigned(await memory.checkpoint(log, to), answer.body);
      expect(seen).toMatchObject({
        ok: true,
        checkpoint: { size: to, cosignedBy: [{ key: running.key }] },
      });
      const seconds = seen.ok ? (seen.checkpoint.cosignedBy[0]?.seconds ?? 0) : 0;
      expect(Math.abs(seconds - Date.now() / 1_000)).toBeLessThan(60);
    }
  });

  it("says what it cosigned last to whoever does not know", async () => {
    expect(await post(await request(3, 7))).toMatchObject({ status: 409, body: "0\n" });
    await post(await request(0, 7));
    const answer = await post(await request(0, 16));
    expect(answer).toEqual({ status: 409, type: "text/x.tlog.size", body: "7\n" });
    expect(notices).toEqual([]);
  });

  it("serves what it cosigned last, with the log's signature and its own", async () => {
    const hash = createHash("sha256").update("tidelock/one").digest("hex");
    const path = `${running.url}/${hash}/checkpoint`;
    expect((await fetch(path)).status).toBe(404);
    await post(await request(0, 7));
    const note = await (await fetch(path)).text();
    expect(
      verifyCheckpoint(note, { origin: "tidelock/one", keys: [log.key] }, [running.key]),
    ).toMatchObject({ ok: true, checkpoint: { size: 7, cosignedBy: [{ key: running.key }] } });
    expect((await fetch(`${running.url}/${"0".repeat(64)}/checkpoint`)).status).toBe(404);
  });

  it("knows only the logs it was told of, and only their keys", async () => {
    const stranger = aSigner("tidelock/two");
    expect(await post(await request(0, 7, memory, stranger))).toMatchObject({ status: 404 });
    const forger = aSigner("tidelock/one");
    expect(await post(await request(0, 7, memory, forger))).toMatchObject({ status: 403 });
    const text = formatCheckpoint({ origin: "tidelock/one", size: 7, root: memory.root(7) });
    const good = await signNote(text, log);
    const bad = { ...good, signature: new Uint8Array(64) };
    const unknown = await signNote(text, forger);
    const noteOf = (...signatures: (typeof good)[]) =>
      formatRequest(0, [], formatNote({ text, signatures }));
    expect(await post(noteOf(good, bad))).toMatchObject({ status: 403 });
    expect(await post(noteOf(unknown, good))).toMatchObject({ status: 200 });
  });

  it("does not cosign what does not continue: 422, 400 and the evidence kept", async () => {
    await post(await request(0, 30));
    const forked = await post(await request(30, 40, other));
    expect(forked).toMatchObject({ status: 422 });
    expect(await post(await request(30, 30, other))).toMatchObject({ status: 422 });
    expect(await post(await request(40, 30))).toMatchObject({ status: 400 });
    expect(await post(await request(29, 30, other))).toMatchObject({ status: 409, body: "30\n" });
    const proof = await proveConsistency(30, 40, memory.hashAt);
    const checkpoint = await memory.checkpoint(log, 40);
    for (const wrong of [[], proof.slice(1), [...proof, proof[0]!], proof.toReversed()]) {
      expect(await post(formatRequest(30, wrong, checkpoint))).toMatchObject({ status: 422 });
    }
    const judged = readdirSync(join(state, "evidence")).map((name) => {
      const evidence = parseEvidence(readFileSync(join(state, "evidence", name), "utf8"));
      return judgeCheckpoints({ ...evidence, origin: "tidelock/one", keys: [log.key] }).kind;
    });
    // The two roots for 30 prove themselves; of the fork nobody gave a proof.
    expect(new Set(judged)).toEqual(new Set(["diverged", "unproven"]));
    expect(notices.every((text) => text.startsWith("ALARM: the log tidelock/one signed"))).toBe(
      true,
    );
    expect(notices.length).toBeGreaterThanOrEqual(3);
    expect(await post(await request(30, 40))).toMatchObject({ status: 200 });
  });

  it("accuses nobody because of a wrong proof that anybody can send, and says it once", async () => {
    await post(await request(0, 30));
    notices.length = 0;
    const genuine = await memory.checkpoint(log, 40);
    for (let sent = 0; sent < 5; sent++) {
      expect(await post(formatRequest(30, [emptyRoot()], genuine))).toMatchObject({ status: 422 });
    }
    expect(notices).toHaveLength(1);
    expect(notices[0]).toContain("a fork, or a wrong proof");
    expect(readdirSync(join(state, "evidence"))).toHaveLength(1);
    expect(await post(await request(30, 40))).toMatchObject({ status: 200 });
  });

  it("wants the empty tree to be empty, and no proof from it", async () => {
    const empty = await signedCheckpoint(log, { size: 0, root: emptyRoot() });
    const wrong = await signedCheckpoint(log, { size: 0, root: memory.root(7) });
    expect(await post(formatRequest(0, [], wrong))).toMatchObject({ status: 422 });
    expect(await post(formatRequest(0, [emptyRoot()], empty))).toMatchObject({ status: 422 });
    expect(await post(formatRequest(0, [], empty))).toMatchObject({ status: 200 });
    expect(
      await post(formatRequest(0, [emptyRoot()], await memory.checkpoint(log, 7))),
    ).toMatchObject({
      status: 422,
    });
    expect(await post(await request(0, 7))).toMatchObject({ status: 200 });
  });

  it("refuses what is not in the form", async () => {
    const good = await request(0, 7);
    const bad: Record<string, string | Uint8Array> = {
      nothing: "",
      "no old line": good.replace(/^old 0\n/, ""),
      "a leading zero": good.replace("old 0", "old 00"),
      "a sign": good.replace("old 0", "old -0"),
      "beyond 2^53": good.replace("old 0", "old 9007199254740992"),
      "two spaces": good.replace("old 0", "old  0"),
      CRLF: good.replaceAll("\n", "\r\n"),
      "no blank line": good.replace("\n\n", "\n"),
      "64 lines of proof": good.replace("\n\n", `${`\n${"A".repeat(43)}=`.repeat(64)}\n\n`),
      "a short hash": good.replace("\n\n", "\nAAAA\n\n"),
      "base64 that is not canonical": good.replace("\n\n", `\n${"A".repeat(42)}B=\n\n`),
      "no last newline": good.slice(0, -1),
      "no UTF-8": Uint8Array.of(...utf8(good), 0xff),
      "a size with a leading zero": good.replace("\n7\n", "\n07\n"),
    };
    for (const [what, body] of Object.entries(bad)) {
      expect(await post(body), what).toMatchObject({ status: 400 });
    }
    expect(await post("x".repeat(300_000))).toMatchObject({ status: 413 });
    expect((await fetch(`${running.url}/add-checkpoint`)).status).toBe(405);
    expect((await fetch(`${running.url}/`)).status).toBe(404);
    expect(await post(good)).toMatchObject({ status: 200 });
  });

  it("cosigns one of many that arrive at once, and never goes back", async () => {
    const bodies = await Promise.all(Array.from({ length: 30 }, (_, at) => request(0, at + 1)));
    const answers = await Promise.all(bodies.map(post));
    const sizes = answers.map(({ status }) => status).filter((status) => status === 200);
    expect(sizes).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(29);
  });

  it("answers any bytes without an error of its own", async () => {
    const body = await request(0, 7);
    const bytes = utf8(body);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length * 8 - 1), async (bit) => {
        const copy = Uint8Array.from(bytes);
        copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const { status } = await post(copy);
        expect([400, 403, 404, 409, 422]).toContain(status);
      }),
      { numRuns: 150 },
    );
  });
});

describe("a witness that starts again", () => {
  it("is the same, and remembers what it cosigned", async () => {
    await post(await request(0, 30));
    const { key } = running;
    await running.stop();
    running = await start();
    expect(running.key).toEqual(key);
    expect(await post(await request(0, 30, other))).toMatchObject({ status: 409, body: "30\n" });
    expect(await post(await request(30, 30, other))).toMatchObject({ status: 422 });
    expect(await post(await request(30, 40))).toMatchObject({ status: 200 });
  });

  it("keeps its key to itself, and refuses one that others may read", async () => {
    const file = join(state, "key.pem");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(state).mode & 0o077).toBe(0);
    await running.stop();
    chmodSync(file, 0o644);
    await expect(start()).rejects.toThrow(/others may read/);
    chmodSync(file, 0o600);
    running = await start();
  });

  it("refuses to forget: a state that cannot be read is no new start", async () => {
    await post(await request(0, 30));
    await running.stop();
    const folder = join(state, "logs");
    const file = join(folder, readdirSync(folder)[0] ?? "");
    const good = readFileSync(file, "utf8");
    for (const bad of ["", good.replace("\n30\n", "\n20\n"), good.slice(0, -5)]) {
      writeFileSync(file, bad);
      await expect(start()).rejects.toThrow(/cannot be read/);
    }
    writeFileSync(file, good);
    running = await start();
    expect(await post(await request(30, 40))).toMatchObject({ status: 200 });
  });

  it("is one at a time, and keeps its name", async () => {
    await expect(start()).rejects.toThrow(/still busy/);
    await running.stop();
    await expect(start({ name: "another" })).rejects.toThrow(/is called tidelock-witness\//);
    running = await start();
  });

  it("takes both keys of a log that changes its key", async () => {
    await running.stop();
    const next = aSigner("tidelock/one");
    running = await start({ logs: [log, next].map(({ key }) => formatVerifierKey(key)) });
    expect(await post(await request(0, 7))).toMatchObject({ status: 200 });
    expect(await post(await request(7, 16, memory, next))).toMatchObject({ status: 200 });
  });
});
