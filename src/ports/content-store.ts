import type { Readable } from "node:stream";
import type { Digest } from "../model/primitives.ts";

/** Content-addressed bytes on disk. A blob is there whole and with the right digest, or not at all. */
export interface ContentStore {
  /** Streams, verifies, fsyncs, then makes visible. Throws `digest-mismatch` or `disk-full`; twice is once. */
  put(source: Readable, expected: Digest): Promise<{ digest: Digest; size: number }>;
  has(digest: Digest): Promise<boolean>;
  /** Absolute path of a blob. Throws `not-found`. */
  path(digest: Digest): Promise<string>;
  /** Reads the whole blob and compares. Throws `digest-mismatch` when the disk holds other bytes. */
  verify(digest: Digest): Promise<{ size: number }>;
}
