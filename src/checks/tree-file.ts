import { TidelockError } from "../model/errors.ts";
import type { CheckContext } from "../ports/check.ts";
import { BlockReader } from "../tree/block-reader.ts";
import { TreeReader } from "../tree/read-tree.ts";
import { blockBytes } from "../tree/tar-format.ts";

/**
 * One file of the release, out of its stored tree; null when it has none of that name. The whole tree is
 * read, so that its digest is proven.
 *
 * @throws TidelockError `invalid-input` when it is longer than `maxBytes`, `digest-mismatch`
 */
export async function readTreeFile(
  { readTree, tree: expected }: Pick<CheckContext, "readTree" | "tree">,
  path: string,
  maxBytes: number,
): Promise<Buffer | null> {
  const reader = new BlockReader(readTree());
  const tree = new TreeReader(reader);
  let found: Buffer | null = null;
  for (let entry = await tree.next(); entry !== undefined; entry = await tree.next()) {
    if (entry.kind !== "file") continue;
    const padded = Math.ceil(entry.size / blockBytes) * blockBytes;
    let skipped = padded;
    if (entry.path === path) {
      if (entry.size > maxBytes) {
        const message = `${path} has ${entry.size} bytes, more than ${maxBytes}`;
        throw new TidelockError("invalid-input", message, { fault: "operator", where: path });
      }
      found = (await reader.take(entry.size)) ?? null;
      skipped = padded - entry.size;
    }
    for (let left = skipped; left > 0;) {
      const part = await reader.some(left);
      if (!part) throw new TidelockError("invalid-input", "the stored tree ends too early");
      left -= part.length;
    }
  }
  if (reader.digest() !== expected) {
    throw new TidelockError("digest-mismatch", `the stored tree is not ${expected}`);
  }
  return found;
}
