import { z } from "zod";
import { Duration } from "../../model/primitives.ts";

const HeaderName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, "write a header name")
  .refine(
    (name) =>
      !/^(host|connection|content-length|transfer-encoding|expect|upgrade|accept-encoding)$/i.test(
        name,
      ),
    "this header is set by the check itself",
  );
const HeaderValue = z
  .string()
  .max(8_192)
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, "no control characters");
const Status = z.int().min(200).max(599);
const milliseconds = z.int().min(1).max(600_000);

/** What a route has to hold at the load that is asked of it. Latencies in milliseconds. */
export const Budget = z.strictObject({
  p50Ms: milliseconds.optional(),
  p95Ms: milliseconds.optional(),
  p99Ms: milliseconds.optional(),
  /** Highest share of requests without the expected answer: 0.01 is one in a hundred. */
  errorShare: z.number().min(0).max(0.5).optional(),
});
export type Budget = z.infer<typeof Budget>;

export const Route = z.strictObject({
  method: z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]).default("GET"),
  /** `{n}` here and in the body becomes another number with each request. */
  path: z
    .string()
    .max(8_192)
    .regex(/^\/[\x21-\x7e]*$/, "start with `/`, and percent-encode spaces"),
  /** Its share of all requests, beside the others' weights. */
  weight: z.int().min(1).max(1_000).default(1),
  headers: z.record(HeaderName, HeaderValue).default({}),
  body: z.string().max(1_000_000).optional(),
  /** Instead of `body`: sent as JSON, with its content type. */
  json: z.json().optional(),
  /** Expected statuses; otherwise any from 200 to 299. */
  status: z.union([Status, z.array(Status).min(1).max(20)]).optional(),
  /** Text that every answer has: a sign-in page with status 200 has it not. */
  contains: z.string().min(1).max(1_000).optional(),
  /** Replaces single limits of the common budget for this route. */
  budget: Budget.default({}),
});
export type Route = z.infer<typeof Route>;

const Rate = z.int().min(1).max(20_000);
/** Requests in one measurement; each keeps eight bytes in the generating process. */
export const mostRequests = 2_000_000;
export const defaultRate = 20;
const mostLevels = 50;

export const LoadConfiguration = z
  .strictObject({
    routes: z
      .array(Route)
      .min(1)
      .max(50)
      .default([{ method: "GET", path: "/", weight: 1, headers: {}, budget: {} }]),
    /** Requests a second, evenly spaced, whatever the answers do; `max`: each connection one after the other. */
    rate: z.union([Rate, z.literal("max")]).optional(),
    /** Raises the rate level by level until the budget breaks. */
    stress: z
      .strictObject({
        from: Rate,
        step: Rate,
        to: Rate,
        /** The level that has to hold. */
        minimum: Rate,
      })
      .optional(),
    /** At most so many requests under way at once, over all instances. */
    connections: z.int().min(1).max(1_000).default(50),
    /** How long is measured; in stress, at each level. */
    duration: Duration.default(10_000),
    /** At the same load, before it, and not judged. */
    warmUp: Duration.default(2_000),
    /** For one request, from when it was due. */
    timeoutMs: z.int().min(50).max(60_000).default(5_000),
    /** A longer answer is a failed one. */
    maxBodyBytes: z
      .int()
      .min(1)
      .max(64 * 1024 * 1024)
      .default(1024 * 1024),
    budget: Budget.default({}),
    /** At least so many expected answers a second, over all routes. */
    perSecond: z.number().positive().max(1_000_000).optional(),
    /** PEM certificates to trust besides the well-known ones. */
    ca: z.string().max(1_000_000).optional(),
  })
  .superRefine((all, context) => {
    const wrong = (path: string[], message: string) =>
      context.addIssue({ code: "custom", path, message });
    const { stress, rate, duration, warmUp } = all;
    if (duration < 1_000 || duration > 600_000) wrong(["duration"], "from 1s to 10m");
    if (warmUp > 120_000) wrong(["warmUp"], "at most 2m");
    if (stress !== undefined) {
      if (rate !== undefined) wrong(["rate"], "in stress the levels say the rate: leave it out");
      if (stress.to < stress.from) wrong(["stress", "to"], "not below `from`");
      if (stress.minimum < stress.from || stress.minimum > stress.to) {
        wrong(["stress", "minimum"], "from `from` to `to`");
      }
      if ((stress.to - stress.from) / stress.step >= mostLevels) {
        wrong(["stress", "step"], `that makes more than ${mostLevels} levels: take a larger one`);
      }
      if (all.perSecond !== undefined) {
        wrong(["perSecond"], "in stress `minimum` says what has to hold: leave it out");
      }
    }
    const most = stress?.to ?? (rate === "max" ? 0 : (rate ?? defaultRate));
    if ((most * (duration + warmUp)) / 1_000 > mostRequests) {
      wrong(["duration"], `that makes more than ${mostRequests} requests: make it shorter`);
    }
    for (const [index, { body, json, method }] of all.routes.entries()) {
      const path = ["routes", String(index), "body"];
      if (body !== undefined && json !== undefined) wrong(path, "`body` or `json`, not both");
      if ((body ?? json) !== undefined && (method === "GET" || method === "HEAD")) {
        wrong(path, `${method} has no body`);
      }
    }
  });
export type LoadConfiguration = z.infer<typeof LoadConfiguration>;

/** Limits that hold where nothing else is said. */
export const defaultBudget = { p95Ms: 500, errorShare: 0.001 } as const satisfies Budget;
