import { z } from "zod";
import { parseJsonPath } from "./json-path.ts";
import { isPattern } from "./safe-match.ts";

/** A field name as RFC 9110 5.1 has it; those that the client itself owns are refused. */
const HeaderName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, "write a header name")
  .refine(
    (name) =>
      !["host", "connection", "content-length", "transfer-encoding"].includes(name.toLowerCase()),
    "this header is set by the check itself",
  );
const HeaderValue = z
  .string()
  .max(8_192)
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, "no control characters");

const Pattern = z
  .string()
  .min(1)
  .max(1_000)
  .refine(isPattern, "this is not a regular expression (JavaScript's syntax)");

const JsonPath = z
  .string()
  .max(500)
  .refine((path) => parseJsonPath(path) !== null, "write a path like `items[0].name`, or `$`");

const Status = z.int().min(100).max(599);

/** A text is compared whole; `matches` is a regular expression; `absent` wants no such header. */
const HeaderExpectation = z.union([
  z.string(),
  z.strictObject({ equals: z.string() }),
  z.strictObject({ matches: Pattern }),
  z.strictObject({ absent: z.literal(true) }),
]);

export const Expectation = z.strictObject({
  status: z.union([Status, z.array(Status).min(1).max(20)]).default(200),
  headers: z.record(HeaderName, HeaderExpectation).default({}),
  body: z
    .strictObject({
      equals: z.string().optional(),
      contains: z.union([z.string().min(1), z.array(z.string().min(1)).max(50)]).optional(),
      lacks: z.union([z.string().min(1), z.array(z.string().min(1)).max(50)]).optional(),
      matches: Pattern.optional(),
      /** Place in the JSON body to the value that must stand there. */
      json: z.record(JsonPath, z.json()).optional(),
    })
    .optional(),
  /** From the start of the request to the end of the body. */
  latencyMs: z.int().positive().max(600_000).optional(),
});
export type Expectation = z.infer<typeof Expectation>;

export const HttpRequest = z.strictObject({
  /** For messages; default is method and path. */
  name: z.string().min(1).max(100).optional(),
  method: z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]).default("GET"),
  path: z
    .string()
    .max(8_192)
    .regex(/^\/[\x21-\x7e]*$/, "start with `/`, and percent-encode spaces"),
  headers: z.record(HeaderName, HeaderValue).default({}),
  body: z.string().max(1_000_000).optional(),
  /** Instead of `body`: sent as JSON, with its content type. */
  json: z.json().optional(),
  expect: Expectation.default({ status: 200, headers: {} }),
});
export type HttpRequest = z.infer<typeof HttpRequest>;
