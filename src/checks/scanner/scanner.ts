import type { z } from "zod";
import type { SuppressionRequest } from "../../model/observation.ts";
import type { TreeEntry } from "../../tree/tree-entry.ts";
import type { Hit } from "./protocol.ts";
import type { SourceFile } from "./source-file.ts";

/** How a scanner wants a file's content. */
export type Wish =
  /** It has no opinion about such a file. */
  | { readonly kind: "pass-over" }
  /** Whole, when it has at most so many bytes; a longer one is named as unread. */
  | { readonly kind: "whole"; readonly most: number }
  /** Longer ones in overlapping windows. */
  | { readonly kind: "windows" };

/** One scan: made from its options, fed with every entry of the tree in its order, then asked what it found. */
export interface ScanPass {
  wants(entry: TreeEntry & { readonly kind: "file" }): Wish;
  /** A throw means that the file could not be examined: it is named as unread, and the scan goes on. */
  file(file: SourceFile, report: (hit: Hit) => void): void | Promise<void>;
  /** Every entry, before its content: for scanners that judge names, folders and links. */
  entry?(entry: TreeEntry, report: (hit: Hit) => void): void;
  /** What it tells beside hits, after the last entry. */
  end?(report: (hit: Hit) => void): unknown;
  /** Requests of its own kind to look away. */
  asked?(file: SourceFile): readonly SuppressionRequest[];
}

/** What runs in the child. */
export interface Scanner<Schema extends z.ZodType = z.ZodType> {
  readonly options: Schema;
  begin(options: z.output<Schema>): ScanPass;
}
