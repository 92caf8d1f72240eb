import { z } from "zod";
import { isReading, readingMethods } from "../live-side.ts";
import { isPattern } from "../safe-match.ts";
import { classes, DifferenceClass } from "./classes.ts";
import { parseIgnored } from "./json-shape.ts";

const HeaderName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, "write a header name")
  .refine(
    (name) =>
      !["host", "connection", "content-length", "transfer-encoding"].includes(name.toLowerCase()),
    "this header is set by the check itself",
  )
  // The live colour is asked the same, and a reading request must stay one.
  .refine(
    (name) => !/^x-(http-)?method(-override)?$|^x-http-method/i.test(name),
    "this header would make a reading request another one",
  );
const HeaderValue = z
  .string()
  .max(8_192)
  .regex(/^[\t\x20-\x7e]*$/, "no control characters");

const Path = z
  .string()
  .max(8_192)
  .regex(/^\/[\x21-\x7e]*$/, "start with `/`, and percent-encode spaces");

const Request = z.strictObject({
  /** For messages and `accept`; default is method and path. */
  name: z.string().min(1).max(100).optional(),
  method: z.enum([...readingMethods, "POST", "PUT", "PATCH", "DELETE"]).default("GET"),
  path: Path,
  headers: z.record(HeaderName, HeaderValue).default({}),
  body: z.string().max(1_000_000).optional(),
  /** Instead of `body`: sent as JSON, with its content type. */
  json: z.json().optional(),
  /** Of one that writes: what it has to answer. Anything below 400 when absent. */
  status: z.int().min(100).max(599).optional(),
});
export type Request = z.infer<typeof Request>;

/** A file of the release with requests, JSON or YAML. */
export const SuiteFile = z.strictObject({ requests: z.array(Request).min(1).max(500) });

const Pattern = z
  .string()
  .min(1)
  .max(1_000)
  .refine(isPattern, "this is not a regular expression (JavaScript's syntax)");

const Ignored = z
  .string()
  .max(500)
  .refine(
    (path) => parseIgnored(path) !== null,
    "write a path like `items[].price`, `$.meta.*`, or `$`",
  );

/** A difference that somebody has seen and wants. */
const Accepted = z.strictObject({
  class: DifferenceClass,
  /** Name, or method and path, of the request; any when absent. */
  request: z.string().min(1).max(8_300).optional(),
  /** As the report names it: `$.items[].price`, `header cache-control`, `cookie sid`; any when absent. */
  place: z.string().min(1).max(1_000).optional(),
  reason: z.string().min(3).max(1_000),
});
export type Accepted = z.infer<typeof Accepted>;

export const RegressionConfiguration = z
  .strictObject({
    /** Asked of both sides, in this order. */
    requests: z.array(Request).max(500).default([]),
    /** A file in the release with more of them. */
    suite: z.string().min(1).max(1_000).regex(/^[^/]/, "a path inside the release").optional(),
    /** How many pages are found by following links of the live colour's pages from `start`; 0 follows none. */
    crawl: z.int().min(0).max(200).default(20),
    start: z.array(Path).max(20).default(["/"]),
    /** Beginnings of paths that the crawl leaves out. */
    avoid: z.array(Path).max(100).default([]),
    /** Requests that write are sent too: to the tested colour alone, never to the live one. */
    writes: z.boolean().default(false),
    /** The public address with the tester's credential, so that both sides are met alike; or each instance. */
    through: z.enum(["route", "instances"]).default("route"),
    /** Without a release to compare with, when all that was asked was answered. */
    withoutLive: z.enum(["pass", "warn", "inconclusive"]).default("warn"),
    /** Class of difference to what it is worth. */
    severity: z.partialRecord(DifferenceClass, z.enum(["fail", "warn", "off"])).default({}),
    accept: z.array(Accepted).max(200).default([]),
    /** Places in JSON bodies that are not compared, nor anything below them. */
    ignore: z.array(Ignored).max(200).default([]),
    /** What matches in a text body is not compared. */
    masks: z.array(Pattern).max(50).default([]),
    /** The live colour is asked at most so often. */
    livePerSecond: z.number().positive().max(50).default(5),
    /** For one request. */
    timeoutMs: z.int().min(1).max(120_000).default(10_000),
    maxBodyBytes: z
      .int()
      .min(1)
      .max(16 * 1024 * 1024)
      .default(1024 * 1024),
  })
  .refine(({ requests, writes }) => writes || requests.every(({ method }) => isReading(method)), {
    path: ["requests"],
    message: "one of them writes: add `writes: true`, which makes the check intrusive",
  });
export type RegressionConfiguration = z.infer<typeof RegressionConfiguration>;

/** What a difference of this class is worth here. */
export function severityOf(
  { severity }: Pick<RegressionConfiguration, "severity">,
  which: DifferenceClass,
): "fail" | "warn" | "off" {
  return severity[which] ?? classes[which];
}
