import { generateKeyPairSync, hash, randomBytes, sign } from "node:crypto";
import { formatCheckpoint } from "../../../src/ledger/checkpoint.ts";
import { encodeEntry } from "../../../src/ledger/entry.ts";
import { hashLeaf } from "../../../src/ledger/hash.ts";
import { formatNote, noteKey, noteKeyTypes, signNote } from "../../../src/ledger/note.ts";
import { Frontier } from "../../../src/ledger/range.ts";
import { encodeBundle } from "../../../src/ledger/tiles.ts";
import { verifyLog } from "../../../src/ledger/verify-log.ts";
import { toHex } from "../../../src/ledger/bytes.ts";
import type { LeafEntry } from "../../../src/model/ledger.ts";

/** A log in memory as it stands in its tiles: bundles of 256 entries, and a signed checkpoint. */
interface SampleLog {
  readonly bundles: readonly Uint8Array[];
  readonly checkpoint: string;
  readonly log: Parameters<typeof verifyLog>[0]["log"];
  readonly leafBytes: number;
}

export interface Verification {
  readonly entries: number;
  /** SHA-256 over the same bytes and as often: once an entry and once a node. */
  readonly bareSeconds: number;
  readonly hashSeconds: number;
  readonly wholeSeconds: number;
  readonly hashRatio: number;
  readonly wholeRatio: number;
  readonly leafBytes: number;
}

export async function measureVerification(entries: number): Promise<Verification> {
  const sample = await sampleLog(entries);
  const bareSeconds = [bare(sample.bundles, entries)];
  const hashSeconds = await timed(() => verify(sample, "hashes"));
  bareSeconds.push(bare(sample.bundles, entries));
  const wholeSeconds = await timed(() => verify(sample, "full"));
  bareSeconds.push(bare(sample.bundles, entries));
  const bareMedian = bareSeconds.toSorted((a, b) => a - b)[1] ?? Number.NaN;
  return {
    entries,
    bareSeconds: bareMedian,
    hashSeconds,
    wholeSeconds,
    hashRatio: bareMedian / hashSeconds,
    wholeRatio: bareMedian / wholeSeconds,
    leafBytes: sample.leafBytes / entries,
  };
}

async function verify(sample: SampleLog, mode: "hashes" | "full"): Promise<void> {
  const result = await verifyLog({ ...sample, mode });
  if (!result.ok) throw new Error(`the sample log does not verify: ${result.problem.message}`);
}

/** Nothing but the hashing that any verifier has to do, with the fastest call that Node has. */
function bare(bundles: readonly Uint8Array[], entries: number): number {
  const node = new Uint8Array(65);
  const start = performance.now();
  for (const bundle of bundles) {
    const view = new DataView(bundle.buffer, bundle.byteOffset, bundle.byteLength);
    for (let at = 0; at < bundle.length;) {
      const length = view.getUint16(at);
      hash("sha256", bundle.subarray(at + 2, at + 2 + length), "binary");
      at += 2 + length;
    }
  }
  for (let i = 1; i < entries; i++) hash("sha256", node, "binary");
  return (performance.now() - start) / 1_000;
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1_000;
}

/** Intents and their outcomes in a hundred streams, as an engine writes them. */
async function sampleLog(entries: number): Promise<SampleLog> {
  const streams = Array.from({ length: 100 }, (_, i) => ({
    name: `service-${i}/production`,
    sequence: 0,
    previous: null as string | null,
  }));
  const frontier = Frontier.empty();
  const bundles: Uint8Array[] = [];
  let waiting: Uint8Array[] = [];
  let leafBytes = 0;
  for (let i = 0; i < entries; i++) {
    const stream = streams[Math.floor(i / 2) % streams.length];
    if (!stream) throw new Error("no stream");
    stream.sequence += 1;
    const entry: LeafEntry = {
      formatVersion: 1,
      kind: i % 2 === 0 ? "effect.intent" : "effect.outcome",
      operation: `p${Math.floor(i / 2)
        .toString(36)
        .padStart(10, "0")}/7/deploy-live`,
      stream: stream.name,
      sequence: stream.sequence,
      previous: stream.previous,
      time: new Date(1_700_000_000_000 + i).toISOString(),
      actor: "tidelock",
      payload: `hmac-sha256:${randomBytes(32).toString("hex")}`,
    };
    const bytes = encodeEntry(entry);
    const leaf = hashLeaf(bytes);
    stream.previous = toHex(leaf);
    frontier.append(leaf);
    waiting.push(bytes);
    leafBytes += bytes.length;
    if (waiting.length === 256 || i === entries - 1) {
      bundles.push(encodeBundle(waiting));
      waiting = [];
    }
  }
  const origin = "tidelock/bench";
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = new Uint8Array(publicKey.export({ format: "der", type: "spki" }).subarray(-32));
  const text = formatCheckpoint({ origin, size: entries, root: frontier.root() });
  const signature = await signNote(text, {
    name: origin,
    publicKey: raw,
    sign: async (message) => sign(null, message, privateKey),
  });
  return {
    bundles,
    checkpoint: formatNote({ text, signatures: [signature] }),
    log: { origin, keys: [noteKey(origin, noteKeyTypes.ed25519, raw)] },
    leafBytes,
  };
}
