import { matchesGlob } from "node:path";
import { TidelockError } from "../../model/errors.ts";
import { printable } from "../../model/printable.ts";
import { BlockReader } from "../../tree/block-reader.ts";
import { blockBytes } from "../../tree/tar-format.ts";
import { TreeReader, truncated } from "../../tree/read-tree.ts";
import type { TreeEntry } from "../../tree/tree-entry.ts";
import { type Hit, maxHits, maxNamed, type ScanOrder, type ScanReply } from "./protocol.ts";
import type { ScanPass } from "./scanner.ts";
import { sourceFile } from "./source-file.ts";
import { askedByComments, askedByName } from "./suppressions.ts";

/** A window is this long, and begins this much before the end of the one before it. */
const windowBytes = 4 * 1024 * 1024;
const overlapBytes = 64 * 1024;

type FileEntry = TreeEntry & { readonly kind: "file" };

/**
 * Feeds one scanner with the files of an archive as it streams by; never more than one file (or window) is
 * held. The answer is complete only when the digest of all that came is the one that was ordered.
 *
 * @param notice is told the path of each file before it is examined
 * @throws TidelockError `invalid-input` for what is no tree of ours, `digest-mismatch`
 */
export async function walkArchive(
  source: AsyncIterable<Uint8Array>,
  order: Pick<ScanOrder, "tree" | "exclude">,
  pass: ScanPass,
  notice: (path: string) => void = () => {},
): Promise<ScanReply> {
  const reader = new BlockReader(source);
  const tree = new TreeReader(reader);
  const counts = { entries: 0, examined: 0, passedOver: 0, excluded: 0 };
  const hits = new HitList();
  const unread = new Named<{ path: string; why: string }>();
  const asked = new Named<ScanReply["suppressions"][number]>();
  const report = (hit: Hit) => hits.add(hit);

  const examine = async (entry: FileEntry, bytes: Buffer, firstLine = 1): Promise<boolean> => {
    const { path, size, executable } = entry;
    const file = sourceFile({ path, size, executable, bytes, firstLine });
    for (const request of askedByComments(file)) asked.add(request);
    for (const request of pass.asked?.(file) ?? []) asked.add(request);
    try {
      await pass.file(file, report);
      return true;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      unread.add({ path, why: printable(why, 200) });
      return false;
    }
  };

  for (let entry = await tree.next(); entry !== undefined; entry = await tree.next()) {
    counts.entries += 1;
    const { path } = entry;
    const left = order.exclude.some((glob) => matchesGlob(path, glob));
    const request = entry.kind === "directory" ? null : askedByName(path);
    if (request !== null) asked.add(request);
    if (!left) pass.entry?.(entry, report);
    if (entry.kind !== "file") continue;
    const wish = left ? ({ kind: "pass-over" } as const) : pass.wants(entry);
    if (left) counts.excluded += 1;
    else if (wish.kind === "pass-over") counts.passedOver += 1;
    if (wish.kind === "pass-over") {
      await skip(reader, padded(entry.size));
      continue;
    }
    notice(path);
    if (wish.kind === "whole" && entry.size > wish.most) {
      unread.add({ path, why: `it has ${entry.size} bytes, more than ${wish.most}` });
      await skip(reader, padded(entry.size));
    } else if (wish.kind === "whole" || entry.size <= windowBytes) {
      const content = await take(reader, entry.size);
      if (await examine(entry, content)) counts.examined += 1;
      await skip(reader, padded(entry.size) - entry.size);
    } else {
      if (await windows(reader, entry, examine)) counts.examined += 1;
      await skip(reader, padded(entry.size) - entry.size);
    }
  }
  const digest = reader.digest();
  if (digest !== order.tree) {
    throw new TidelockError("digest-mismatch", `the tree is ${digest} and not ${order.tree}`);
  }
  const extra = pass.end?.(report);
  return {
    ...counts,
    hits: hits.list,
    hitCount: hits.count,
    unread: unread.list,
    unreadCount: unread.count,
    suppressions: asked.list,
    suppressionCount: asked.count,
    ...(extra === undefined ? {} : { extra }),
  };
}

async function windows(
  reader: BlockReader,
  entry: FileEntry,
  examine: (entry: FileEntry, bytes: Buffer, firstLine: number) => Promise<boolean>,
): Promise<boolean> {
  let rest: Buffer = Buffer.alloc(0);
  let line = 1;
  let whole = true;
  for (let left = entry.size; left > 0;) {
    const length = Math.min(left, windowBytes - rest.length);
    const window = Buffer.concat([rest, await take(reader, length)]);
    left -= length;
    whole = (await examine(entry, window, line)) && whole;
    const kept = left === 0 ? 0 : overlapBytes;
    const gone = window.subarray(0, window.length - kept);
    for (let at = gone.indexOf(0x0a); at !== -1; at = gone.indexOf(0x0a, at + 1)) line += 1;
    rest = Buffer.from(window.subarray(window.length - kept));
  }
  return whole;
}

async function take(reader: BlockReader, size: number): Promise<Buffer> {
  const bytes = await reader.take(size);
  if (size > 0 && !bytes) throw truncated(reader.size);
  return bytes ?? Buffer.alloc(0);
}

async function skip(reader: BlockReader, size: number): Promise<void> {
  for (let left = size; left > 0;) {
    const part = await reader.some(left);
    if (!part) throw truncated(reader.size);
    left -= part.length;
  }
}

function padded(size: number): number {
  return Math.ceil(size / blockBytes) * blockBytes;
}

/** What overlapping windows show twice counts once. */
class HitList {
  readonly list: Hit[] = [];
  readonly #seen = new Set<string>();
  count = 0;

  add(hit: Hit): void {
    const key = JSON.stringify([hit.rule, hit.path, hit.line, hit.column, hit.fingerprint]);
    if (this.#seen.has(key)) return;
    if (this.#seen.size < 50_000) this.#seen.add(key);
    this.count += 1;
    if (this.list.length < maxHits)
      this.list.push({ ...hit, message: hit.message.slice(0, 1_000) });
  }
}

class Named<T> {
  readonly list: T[] = [];
  count = 0;

  add(one: T): void {
    this.count += 1;
    if (this.list.length < maxNamed) this.list.push(one);
  }
}
