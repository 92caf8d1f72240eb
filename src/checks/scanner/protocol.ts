import { z } from "zod";
import { SuppressionRequest } from "../../model/observation.ts";

/**
 * What the server and its scanning child say to each other.
 *
 *   stdin    a 4-byte big-endian length, that many bytes of JSON (`ScanOrder`), then the tree in our tar
 *   stdout   one JSON document (`ScanReply`), at most `maxReplyBytes`
 *   stderr   the path that is being read, a line each: when the child dies, the last one says at which file
 *
 * The child has read hostile files; what it answers is parsed as foreign input and cut.
 */

export const maxReplyBytes = 16 * 1024 * 1024;
/** More hits than a person ever reads; the rest is counted. */
export const maxHits = 2_000;
export const maxNamed = 200;

const text = (most: number) => z.string().max(most);

export const ScanOrder = z.strictObject({
  /** `sha256:…` of the whole archive: what is read must be exactly that. */
  tree: z.string(),
  /** The scanner's own configuration; its schema is the scanner's. */
  options: z.unknown(),
  /** Paths (globs, `node:path` matchesGlob) that the pipeline leaves out. */
  exclude: z.array(z.string()),
});
export type ScanOrder = z.infer<typeof ScanOrder>;

/** One place that a rule objects to. It never holds the value of a secret. */
export const Hit = z.strictObject({
  rule: text(200),
  path: text(4_096),
  line: z.int().positive(),
  column: z.int().positive().optional(),
  message: text(1_000),
  /** Where this hit is graver or lighter than its rule (as a CVSS score reads). */
  severity: z.number().min(0).max(10).optional(),
  /** The same in the next scan although lines moved: see `fingerprint.ts`. */
  fingerprint: text(200),
});
export type Hit = z.infer<typeof Hit>;

export const ScanReply = z.strictObject({
  hits: z.array(Hit).max(maxHits),
  /** Hits in all, those that did not fit included. */
  hitCount: z.int().nonnegative(),
  /** Files whose content was examined. */
  examined: z.int().nonnegative(),
  /** Files, folders and links in all. */
  entries: z.int().nonnegative(),
  /** Files the scanner has no opinion about: other languages, packages of others. */
  passedOver: z.int().nonnegative(),
  /** Files that the pipeline left out. */
  excluded: z.int().nonnegative(),
  /** Files that should have been examined and could not be. */
  unread: z.array(z.strictObject({ path: text(4_096), why: text(300) })).max(maxNamed),
  unreadCount: z.int().nonnegative(),
  suppressions: z.array(SuppressionRequest).max(maxNamed),
  suppressionCount: z.int().nonnegative(),
  /** What a scanner tells beside its hits; its adapter knows the schema. */
  extra: z.unknown().optional(),
});
export type ScanReply = z.infer<typeof ScanReply>;
