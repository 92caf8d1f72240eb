import canonicalize from "canonicalize";
import { z } from "zod";
import { utf8 } from "../ledger/bytes.ts";
import { Digest } from "../model/primitives.ts";
import { digestBytes } from "./digest.ts";
import { jsonLines, type SharedNameLine, Subject } from "./format.ts";

/**
 * What every `stream.head` of one export says, in the tree and so under the checkpoint's signature: for which
 * export a stream ends here, what that export was asked for, and which streams it had. Without it, whoever
 * holds a pack could end a stream at the head of an earlier export, leave a whole stream out, or write another
 * subject upon it.
 */
export const ExportEnd = z.object({
  export: z.string().min(1),
  subject: Subject,
  streams: z.object({ count: z.int().positive(), digest: Digest }),
  /** Of the bytes of shared-names.jsonl, so that none of its lines is left out. Absent in ends of before there was one. */
  sharedNames: Digest.optional(),
});
export type ExportEnd = z.infer<typeof ExportEnd>;

export function exportEnd(
  id: string,
  subject: Subject,
  streams: readonly string[],
  sharedNames: readonly SharedNameLine[] = [],
): ExportEnd {
  return {
    export: id,
    subject,
    streams: { count: streams.length, digest: digestOfStreams(streams) },
    sharedNames: digestBytes(jsonLines(sharedNames)),
  };
}

/** A digest, because the names of some hundred releases would not fit into an entry. */
export function digestOfStreams(streams: readonly string[]): Digest {
  return digestBytes(utf8(canonicalize([...streams].sort()) ?? ""));
}
