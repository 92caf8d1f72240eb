import { describe, expect, it } from "vitest";
import { keys, origin, trustRoot } from "../../test/support/audit-story.ts";
import { logKeyText, MemoryLog, type TestKey, testKey } from "../../test/support/memory-log.ts";
import { toBase64, utf8 } from "../ledger/bytes.ts";
import { parseCheckpoint } from "../ledger/checkpoint.ts";
import { introductionText } from "../ledger/introduction.ts";
import { parseNote, parseVerifierKey } from "../ledger/note.ts";
import { encodeBundle } from "../ledger/tiles.ts";
import { verifyLog } from "../ledger/verify-log.ts";
import { acceptKeys } from "./checks/keys.ts";
import { believeKeys, type LogKeys } from "./log-keys.ts";

const third = testKey(origin, "log key three");

/** A log whose first key handed over to a second by checkpoint, and that one to a third by introduction. */
async function aLog() {
  const log = new MemoryLog(origin);
  const about = (kind: string, at: number, key: TestKey, more: object = {}) =>
    log.append({
      kind,
      operation: `key/log/${at}`,
      stream: "system",
      payload: { use: "log", key: logKeyText(key), ...more },
    });
  about("key.added", 1, keys.log);
  about("key.added", 2, keys.second);
  const handedOver = (await log.checkpoint([keys.log])).note;
  about("key.retired", 1, keys.log);
  const signature = toBase64(await keys.second.sign(introductionText(logKeyText(third))));
  const introduction = { by: logKeyText(keys.second), signature };
  about("key.added", 3, third, { introduction });
  about("key.retired", 2, keys.second);
  log.append({ kind: "server.upgraded", operation: "v2", stream: "system", payload: {} });
  const { note, size } = await log.checkpoint([third]);
  const file: LogKeys = {
    kind: "LogKeys",
    formatVersion: 1,
    entries: log.entries.slice(0, 5).map(({ bytes, opening }, index) => ({
      index,
      leaf: toBase64(bytes),
      opening: opening ?? { salt: "", payload: {} },
    })),
    checkpoints: [handedOver],
  };
  return { log, note, size, file };
}

async function verified(
  { log, note }: Awaited<ReturnType<typeof aLog>>,
  file: LogKeys,
  trust = trustRoot(),
): Promise<string> {
  const believed = believeKeys(utf8(JSON.stringify(file)), trust, utf8(note));
  if (typeof believed === "string") return believed;
  const answer = await verifyLog({
    checkpoint: note,
    log: { origin, keys: believed.keys },
    known: believed.roots,
    onEntry: believed.onEntry,
    bundles: [encodeBundle(log.entries.map(({ bytes }) => bytes))],
  });
  return answer.ok ? (believed.missing() ?? "right") : answer.problem.message;
}

describe("a log's keys beside its tiles", () => {
  it("lead from the trust root's key to the one that signs now", async () => {
    const made = await aLog();
    expect(await verified(made, made.file)).toBe("right");
    const second = { origin, keys: [logKeyText(keys.second)], operator: "shop" };
    expect(await verified(made, made.file, trustRoot({ log: second }))).toBe("right");
    const foreign = { origin, keys: [logKeyText(keys.foreign)], operator: "shop" };
    expect(await verified(made, made.file, trustRoot({ log: foreign }))).toContain("sign");
  });

  it("lead nowhere without the checkpoint or the introduction between two keys", async () => {
    const made = await aLog();
    expect(await verified(made, { ...made.file, checkpoints: [] })).toContain("sign");
    const entries = made.file.entries.filter(({ index }) => index !== 3);
    expect(await verified(made, { ...made.file, entries })).toContain("sign");
  });

  it("are refused when an end of a key is withheld, or they are another log's", async () => {
    const made = await aLog();
    const without = made.file.entries.filter(({ index }) => index !== 4);
    expect(await verified(made, { ...made.file, entries: without })).toContain(
      "withholds entry 4 (key.retired key/log/2)",
    );
    // Genuine entries at other places are no entries of this log.
    const swapped = made.file.entries
      .map((one) => ({ ...one, index: one.index ^ 1 }))
      .sort((a, b) => a.index - b.index);
    expect(await verified(made, { ...made.file, entries: swapped })).toMatch(
      /another entry 0|no entry 5/,
    );
  });

  it("are refused when an index comes twice: only one of its lines could be held against the log", async () => {
    const made = await aLog();
    const forged = new MemoryLog(origin);
    const payload = { use: "log", key: logKeyText(keys.foreign) };
    forged.append({ kind: "key.added", operation: "key/log/2", stream: "system", payload });
    const [line] = forged.entries.map(({ bytes, opening }) => ({
      index: 1,
      leaf: toBase64(bytes),
      opening: opening ?? { salt: "", payload: {} },
    }));
    const [first, ...rest] = made.file.entries;
    const entries = [first!, line!, ...rest];
    expect(await verified(made, { ...made.file, entries })).toContain(
      "entry 1 comes after entry 1; each index stands once, in order",
    );
    const turned = made.file.entries.toReversed();
    expect(await verified(made, { ...made.file, entries: turned })).toContain("in order");
  });

  it("are refused when they are more than anybody could check before anything is proven", async () => {
    const made = await aLog();
    const [note] = made.file.checkpoints;
    const checkpoints = Array.from({ length: 2_001 }, () => note!);
    expect(await verified(made, { ...made.file, checkpoints })).toMatch(/cannot be read.*2000/s);
    const [entry] = made.file.entries;
    const entries = Array.from({ length: 2_001 }, (_, index) => ({ ...entry!, index }));
    expect(await verified(made, { ...made.file, entries })).toMatch(/cannot be read.*2000/s);
  });

  it("hold each checkpoint against each believed key once, however many entries wait for it", async () => {
    const { log, note } = await aLog();
    let reads = 0;
    const parsed = parseNote(note);
    const counted = Object.defineProperty({ ...parsed }, "signatures", {
      get: () => {
        reads += 1;
        return parsed.signatures;
      },
    });
    const newest = { file: "checkpoint", ...parseCheckpoint(parsed.text), note: counted };
    const key = parseVerifierKey(logKeyText(keys.foreign));
    const logKeys = Array.from({ length: 200 }, (_, index) => ({
      key: { ...key, id: index.toString(16).padStart(8, "0") },
      index: index % log.entries.length,
      introduction: null,
    }));
    const history = { logKeys, evidenceKeys: [], endsAt: new Map(), evidenceEndsAt: new Map() };
    const trusted = [parseVerifierKey(logKeyText(keys.log))];
    const checkpoints = { newest, history: Array.from({ length: 20 }, () => newest) };
    expect(acceptKeys(trusted, history, checkpoints)).toEqual(trusted);
    // Once to look for a signature, once more to tell none from a wrong one.
    expect(reads).toBeLessThanOrEqual(21 * 3);
  });

  it.each(["{", "[]", '{"kind":"LogKeys"}'])(
    "are refused with a reason when they are %s",
    (text) => {
      expect(believeKeys(utf8(text), trustRoot(), utf8("x"))).toContain("cannot be read");
    },
  );
});
