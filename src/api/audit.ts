import { z } from "zod";
import { Name } from "../model/primitives.ts";

/** `POST /api/v1/audit/packs`: the answer is the zip itself, not JSON, hence not in the table of routes. */
export const auditPackPath = "/api/v1/audit/packs";

const Seen = z
  .array(z.string().max(100_000))
  .max(100)
  .default([])
  .describe("checkpoints (signed notes) seen elsewhere, which the pack connects with its own");

export const AuditPackRequest = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("release"),
    service: Name,
    /** `1.4.2`, a release id, or a prefix of one. */
    release: z.string().min(1).max(128),
    seen: Seen,
  }),
  z.object({
    kind: z.literal("environment"),
    environment: Name,
    /** Absent: since the beginning. */
    from: z.iso.datetime({ offset: true }).optional(),
    /** Absent: until now. */
    to: z.iso.datetime({ offset: true }).optional(),
    seen: Seen,
  }),
  z.object({
    kind: z.literal("access-review"),
    /** `v1f0c9a2b7d`. */
    review: z.string().min(1).max(64),
    seen: Seen,
  }),
]);
export type AuditPackRequest = z.infer<typeof AuditPackRequest>;
