import { z } from "zod";
import { anywhere, everything } from "../../model/permissions.ts";
import { FeedKind } from "../../model/feed.ts";
import { Digest } from "../../model/primitives.ts";

/** Calls about feeds: what others publish about vulnerabilities as such. */

export const FeedView = z.object({
  kind: FeedKind,
  /** Null: none was ever imported, and what it would say is unknown. */
  edition: z
    .object({
      /** SHA-256 of the file; of OSV, of all its records. */
      digest: Digest,
      asOf: z.iso.datetime(),
      /** The publisher's name for it; empty where it has none. */
      version: z.string(),
      records: z.int().nonnegative(),
      importedAt: z.iso.datetime(),
      /** Null: by whoever may write to the server's machine. */
      importedBy: z.string().nullable(),
      /** Why one that had shrunk was taken. */
      fewer: z.string().nullable(),
    })
    .nullable(),
});
export type FeedView = z.infer<typeof FeedView>;

export const feedRoutes = {
  feedStatus: {
    method: "GET",
    path: "/api/v1/feeds",
    permission: "feed.read",
    resource: anywhere,
    response: z.object({ items: z.array(FeedView) }),
  },
  /** Bytes first (`PUT /api/v1/blobs/<digest>`), then their digest. */
  feedImport: {
    method: "POST",
    path: "/api/v1/feeds/:kind/imports",
    permission: "feed.import",
    resource: everything,
    params: z.object({ kind: z.enum(["epss", "kev"]) }),
    body: z.object({
      digest: Digest,
      /** Why an edition with fewer records than the one before is to be believed. */
      fewer: z.string().min(1).max(500).optional(),
    }),
    response: FeedView,
  },
} as const;
