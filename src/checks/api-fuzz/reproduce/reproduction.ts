import { z } from "zod";
import type { Json, RawRequest } from "../../probing/operation.ts";

export const allFamilies = [
  "valid",
  "boundary",
  "type",
  "structure",
  "text",
  "malformed",
  "content-type",
  "transport",
  "upload",
  "sequence",
  "auth",
  "random",
] as const;
/** What the requests are made of. */
export type Family = (typeof allFamilies)[number];

/** A request of an example. `{{tidelock:n}}` in its path or body is a value of an earlier answer. */
export const Step = z.strictObject({
  method: z.string().regex(/^[A-Z]{1,20}$/),
  path: z.string().min(1).max(200_000).startsWith("/"),
  headers: z.record(z.string().max(200), z.string().max(100_000)),
  body: z.string().max(2_000_000).optional(),
  base64: z.string().max(2_000_000).optional(),
  /** Whose session it carries: the name of an identity, or nobody's. No credential is written down. */
  as: z.string().max(100).nullable(),
  /** What of its answer a later step needs; `otherwise` is what the answer said when the flaw was found. */
  take: z
    .strictObject({
      name: z.string().max(40),
      /** Where it stands in the answer; null when it was in the request itself. */
      from: z
        .array(z.union([z.string().max(200), z.int()]))
        .max(20)
        .nullable(),
      otherwise: z.json(),
    })
    .optional(),
});
export type Step = z.infer<typeof Step>;

/** What makes two failures the same: where, which sign, and what the answer says without what is random in it. */
export const Bucket = z.strictObject({
  rule: z.string().max(60),
  operation: z.string().max(1_000),
  signature: z.string().max(1_000),
});
export type Bucket = z.infer<typeof Bucket>;

/** Everything needed to see a flaw again: the last step shows it. */
export const Reproduction = z.strictObject({
  format: z.literal("tidelock.dev/api-fuzz/v1"),
  bucket: Bucket,
  /** What the last step was for, by which its answer is judged. */
  purpose: z.strictObject({
    operation: z.string().max(1_000),
    family: z.enum(allFamilies),
    place: z.string().max(300),
    expect: z.enum(["gone", "there", "taken", "refused"]).optional(),
  }),
  steps: z.array(Step).min(1).max(12),
});
export type Reproduction = z.infer<typeof Reproduction>;

export const format = "tidelock.dev/api-fuzz/v1";

export function bucketKey({ rule, operation, signature }: Bucket): string {
  return JSON.stringify([rule, operation, signature]);
}

export type Bindings = ReadonlyMap<string, Json>;

export function placeholder(name: string): string {
  return `{{tidelock:${name}}}`;
}

/** Puts values in the place of their placeholders: as they are in a body of JSON, encoded in a path. */
export function fill(request: RawRequest, bindings: Bindings): RawRequest {
  let { path, body } = request;
  for (const [name, value] of bindings) {
    const token = placeholder(name);
    const text = typeof value === "string" ? value : JSON.stringify(value);
    path = path.replaceAll(token, () => encodeURIComponent(text.toWellFormed()));
    body = body
      ?.replaceAll(JSON.stringify(token), () => JSON.stringify(value))
      .replaceAll(token, () => JSON.stringify(text).slice(1, -1));
  }
  return { ...request, path, ...(body === undefined ? {} : { body }) };
}

/** The request of a step, without whose it is. */
export function requestOf({ method, path, headers, body, base64 }: Step): RawRequest {
  return {
    method,
    path,
    headers,
    ...(body === undefined ? {} : { body }),
    ...(base64 === undefined ? {} : { base64 }),
  };
}
