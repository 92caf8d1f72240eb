import { mayBeClosed } from "../audit/closed.ts";
import type { Subject } from "../audit/format.ts";
import { PayloadErased } from "../audit/payloads.ts";
import type { StoredLeaf } from "../store/queries/ledger-read.ts";

const digestPattern = /sha256:[0-9a-f]{64}/g;

/** The same leaves, without what those say that are not about this pack's subject. */
export function closeOthers(
  leaves: readonly StoredLeaf[],
  subject: Subject,
): readonly StoredLeaf[] {
  const streams = new Set(leaves.map(({ entry }) => entry.stream));
  const closable = (leaf: StoredLeaf) => mayBeClosed(leaf.entry, subject, streams);
  const shown = new Set(leaves.map(({ index }) => index));
  const named = new Set(
    leaves
      .filter((leaf) => !closable(leaf))
      .flatMap(({ opening }) => JSON.stringify(opening?.payload ?? {}).match(digestPattern) ?? []),
  );
  return leaves.map((leaf) => {
    if (!closable(leaf)) return leaf;
    const erased =
      leaf.entry.kind === "payload.erased" && PayloadErased.safeParse(leaf.opening?.payload);
    const needed =
      erased &&
      erased.success &&
      (shown.has(erased.data.entry) || erased.data.blobs.some((digest) => named.has(digest)));
    return needed ? leaf : { ...leaf, opening: null };
  });
}
