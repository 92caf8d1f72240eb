import { z } from "zod";
import { HttpRequest } from "../request-schema.ts";

export const HttpConfiguration = z.strictObject({
  /** Each instance of the tested colour, or the route with the tester's credential. */
  through: z.enum(["instances", "route"]).default("instances"),
  requests: z.array(HttpRequest).max(200),
  /** For one request. */
  timeoutMs: z.int().min(1).max(600_000).default(10_000),
  maxBodyBytes: z
    .int()
    .min(1)
    .max(16 * 1024 * 1024)
    .default(1024 * 1024),
  /** PEM certificates to trust besides the well-known ones, for a route with TLS. */
  ca: z.string().max(1_000_000).optional(),
});
export type HttpConfiguration = z.infer<typeof HttpConfiguration>;
