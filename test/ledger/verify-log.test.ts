import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concat, utf8 } from "../../src/ledger/bytes.ts";
import { Fingerprints } from "../../src/ledger/fingerprints.ts";
import { encodeBundle } from "../../src/ledger/tiles.ts";
import { type LogProblem, type LogToVerify, verifyLog } from "../../src/ledger/verify-log.ts";
import { hashLeaf } from "../../src/ledger/hash.ts";
import { type EntryWish, LogInMemory, aSigner } from "./support.ts";

const signer = aSigner("tidelock/one");
const log = { origin: "tidelock/one", keys: [signer.key] };

function bundlesOf(entries: readonly Uint8Array[]): Uint8Array[] {
  return Array.from({ length: Math.ceil(entries.length / 256) }, (_, at) =>
    encodeBundle(entries.slice(at * 256, (at + 1) * 256)),
  );
}

async function toVerify(
  memory: LogInMemory,
  change: Partial<LogToVerify> = {},
): Promise<LogToVerify> {
  return {
    bundles: bundlesOf(memory.entries),
    checkpoint: await memory.checkpoint(signer),
    log,
    ...change,
  };
}

async function problemOf(given: LogToVerify): Promise<LogProblem> {
  const answer = await verifyLog(given);
  if (answer.ok) throw new Error("the log was found right");
  return answer.problem;
}

const good = new LogInMemory().fill(600);

describe("a log that is right", () => {
  it.each([0, 1, 255, 256, 257, 600])("of %i entries verifies in both modes", async (size) => {
    const memory = new LogInMemory().fill(size);
    for (const mode of ["full", "hashes"] as const) {
      const answer = await verifyLog(await toVerify(memory, { mode }));
      expect(answer).toMatchObject({ ok: true, checkpoint: { size } });
    }
  });

  it("says where its streams end and which intents are open", async () => {
    const memory = new LogInMemory();
    memory.append({ kind: "effect.intent", operation: "a" });
    memory.append({ kind: "effect.failure", operation: "a" });
    memory.append({ kind: "effect.outcome", operation: "a" });
    memory.append({ kind: "effect.intent", operation: "b", stream: "system" });
    const answer = await verifyLog(await toVerify(memory));
    expect(answer).toMatchObject({
      ok: true,
      openIntents: [{ operation: "b", stream: "system", index: 3 }],
    });
    expect(
      answer.ok && [...answer.streams].map(([name, { sequence }]) => [name, sequence]),
    ).toEqual([
      ["shop/production", 3],
      ["system", 1],
    ]);
  });

  it("hands its entries over in order and agrees with roots known from elsewhere", async () => {
    const seen: number[] = [];
    const known = [600, 0, 256, 1].map((size) => ({ size, root: good.root(size), from: "git" }));
    const onEntry: LogToVerify["onEntry"] = (_, index) => seen.push(index);
    expect((await verifyLog(await toVerify(good, { known, onEntry }))).ok).toBe(true);
    expect(seen).toEqual(Array.from({ length: 600 }, (_, index) => index));
  });
});

/** Signed consistently by who holds the key: only the rules between entries are left to find it. */
async function signedAnew(build: (memory: LogInMemory) => void): Promise<LogProblem> {
  const memory = new LogInMemory();
  memory.fill(4);
  build(memory);
  return problemOf(await toVerify(memory));
}

describe("a log that its own key signed although it breaks a rule", () => {
  const wish: EntryWish = { kind: "a.b", operation: "x", stream: "shop/production" };
  it.each<[LogProblem["what"], (memory: LogInMemory) => void]>([
    ["sequence", (memory) => memory.append({ ...wish, sequence: 9 })],
    ["sequence", (memory) => memory.append({ ...wish, stream: "new", sequence: 2 })],
    ["previous", (memory) => memory.append({ ...wish, previous: "0".repeat(64) })],
    ["previous", (memory) => memory.append({ ...wish, previous: null })],
    ["previous", (memory) => memory.append({ ...wish, stream: "new", previous: "0".repeat(64) })],
    ["time", (memory) => memory.append({ ...wish, time: "2025-12-31T23:59:59.999Z" })],
    [
      "duplicate",
      (memory) => memory.append({ ...wish, kind: "decision.made", operation: "decision/0" }),
    ],
    ["no-intent", (memory) => memory.append({ ...wish, kind: "effect.outcome" })],
    ["no-intent", (memory) => memory.append({ ...wish, kind: "effect.failure" })],
    ["entry", (memory) => memory.appendBytes(utf8("{}"))],
    ["entry", (memory) => memory.appendBytes(new Uint8Array(0))],
  ])("is refused for its %s, at entry 4", async (what, build) => {
    expect(await signedAnew(build)).toMatchObject({ what, index: 4 });
  });

  it("is refused when the intent stands in another stream", async () => {
    const found = await signedAnew((memory) => {
      memory.append({ kind: "effect.intent", operation: "x", stream: "system" });
      memory.append({ kind: "effect.outcome", operation: "x", stream: "shop/testing" });
    });
    expect(found).toMatchObject({ what: "no-intent", index: 5, stream: "shop/testing" });
  });
});

describe("a damaged log", () => {
  it("is found whichever entry is changed, left out, put elsewhere or put in", async () => {
    const place = fc.nat(good.size - 1);
    const given = await toVerify(good);
    await fc.assert(
      fc.asyncProperty(
        place,
        place,
        fc.nat(),
        fc.constantFrom("flip", "drop", "swap", "add"),
        async (at, other, bit, how) => {
          const entries = [...good.entries];
          const [a, b] = [entries[at] as Uint8Array, entries[other] as Uint8Array];
          if (how === "flip") {
            const copy = Uint8Array.from(a);
            const target = bit % (copy.length * 8);
            copy[target >> 3] = (copy[target >> 3] ?? 0) ^ (1 << (target & 7));
            entries[at] = copy;
          } else if (how === "drop") entries.splice(at, 1);
          else if (how === "add") entries.splice(at, 0, b);
          else {
            fc.pre(at !== other);
            [entries[at], entries[other]] = [b, a];
          }
          for (const mode of ["full", "hashes"] as const) {
            const answer = await verifyLog({ ...given, mode, bundles: bundlesOf(entries) });
            expect(answer.ok).toBe(false);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("is found whatever single bit of its bundles is flipped, without an error", async () => {
    const memory = new LogInMemory().fill(20);
    const [bundle] = bundlesOf(memory.entries);
    const given = await toVerify(memory);
    const bits = (bundle?.length ?? 0) * 8;
    await fc.assert(
      fc.asyncProperty(fc.nat(bits - 1), async (bit) => {
        const copy = Uint8Array.from(bundle ?? []);
        copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect((await verifyLog({ ...given, bundles: [copy] })).ok).toBe(false);
      }),
      { numRuns: 1_500 },
    );
  });

  it("of any bytes gets an answer, never an error", async () => {
    const given = await toVerify(new LogInMemory().fill(3));
    const bundles = fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(bundles, async (all) => {
        expect((await verifyLog({ ...given, bundles: all })).ok).toBe(false);
      }),
    );
  });

  it("names the changed entry by its stream's chain, by its tile or by a known root", async () => {
    const entries = [...good.entries];
    const text = new TextDecoder().decode(entries[300]);
    entries[300] = utf8(text.replace("tidelock", "person:x"));
    const given = await toVerify(good, { bundles: bundlesOf(entries) });
    expect(await problemOf(given)).toMatchObject({ what: "previous", index: 303 });
    const tiles = [0, 1, 2].map((tile) =>
      concat(...good.entries.slice(tile * 256, (tile + 1) * 256).map(hashLeaf)),
    );
    expect(await problemOf({ ...given, leafTiles: tiles })).toMatchObject({
      what: "leaf",
      index: 300,
    });
    const known = [300, 400].map((size) => ({ size, root: good.root(size), from: "git" }));
    expect(await problemOf({ ...given, mode: "hashes", known })).toMatchObject({
      what: "history",
      index: 399,
    });
    expect(await problemOf({ ...given, mode: "hashes", known: known.slice(0, 1) })).toMatchObject({
      what: "root",
      message: expect.stringMatching(/between entries 300 and 599$/),
    });
  });

  it("that is cut off, goes on, or has bundles of another size says where", async () => {
    const [first, second, third] = bundlesOf(good.entries) as [Uint8Array, Uint8Array, Uint8Array];
    const given = await toVerify(good);
    const cases: [Uint8Array[], LogProblem["what"], number][] = [
      [[], "truncated", 0],
      [[first, second], "truncated", 512],
      [[first, second, third.subarray(0, -1)], "bundle", 512],
      [[first, second, third, third], "surplus", 600],
      [[first, third, second], "bundle", 344],
      [
        [...bundlesOf(good.entries.slice(0, 100)), ...bundlesOf(good.entries.slice(100))],
        "bundle",
        100,
      ],
      [
        [first, second, bundlesOf([...good.entries.slice(512), utf8("{}")])[0] as Uint8Array],
        "bundle",
        600,
      ],
    ];
    for (const [bundles, what, index] of cases) {
      expect(await problemOf({ ...given, bundles })).toMatchObject({ what, index });
    }
    const short = await problemOf({ ...given, leafTiles: [] });
    expect(short).toMatchObject({ what: "leaf", index: 0 });
  });

  it("is not saved by a checkpoint of its own", async () => {
    const forger = aSigner("tidelock/one");
    const checkpoint = await good.checkpoint(forger);
    expect(await problemOf(await toVerify(good, { checkpoint }))).toMatchObject({
      what: "checkpoint",
    });
    expect(await problemOf(await toVerify(good, { checkpoint: "" }))).toMatchObject({
      what: "checkpoint",
    });
  });

  it("is not what was known of it before: rewritten or rewound by the log's own key", async () => {
    const known = [{ size: 500, root: good.root(500), from: "a witness" }];
    const rewritten = new LogInMemory().fill(499);
    rewritten.append({ kind: "decision.made", operation: "another" });
    rewritten.fill(100);
    expect(await problemOf(await toVerify(rewritten, { known }))).toMatchObject({
      what: "history",
      index: 499,
    });
    const rewound = new LogInMemory().fill(400);
    expect(await problemOf(await toVerify(rewound, { known }))).toMatchObject({
      what: "history",
      message: expect.stringMatching(/rewound$/),
    });
  });

  it("does not hide that its source fails", async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield bundlesOf(good.entries)[0] as Uint8Array;
      throw new Error("disk on fire");
    }
    await expect(verifyLog(await toVerify(good, { bundles: broken() }))).rejects.toThrow(/on fire/);
  });
});

describe("fingerprints", () => {
  it("know what was added and nothing else", () => {
    const set = new Fingerprints();
    for (let at = 0; at < 20_000; at++) expect(set.add(`operation ${at}`)).toBe(true);
    expect(set.add("operation 77")).toBe(false);
    expect(set.has("operation 19999")).toBe(true);
    expect(set.has("operation 20000")).toBe(false);
    expect(set.size).toBe(20_000);
  });
});
