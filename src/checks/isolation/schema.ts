import { z } from "zod";
import { Name } from "../../model/primitives.ts";
import { SinkKind } from "../../model/sinks.ts";

/** In a path, a header, a body: replaced by a text that never was before and never comes again. */
export const markerPlaceholder = "{marker}";

const headers = z.record(
  z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, "write a header name"),
  z
    .string()
    .max(8_192)
    .regex(/^[\t\x20-\x7e]*$/, "no control characters"),
);
const Path = z
  .string()
  .max(8_192)
  .regex(/^\/[\x21-\x7e]*$/, "start with `/`, and percent-encode spaces");

/** How the service is made to send, enqueue, write or call: a request to the tested colour. */
export const Trigger = z
  .strictObject({
    method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]).default("POST"),
    path: Path,
    headers: headers.default({}),
    body: z.string().max(100_000).optional(),
    json: z.json().optional(),
    /** Anything below 400 when absent. */
    status: z.int().min(100).max(599).optional(),
  })
  .refine((trigger) => JSON.stringify(trigger).includes(markerPlaceholder), {
    message: `put ${markerPlaceholder} where it reaches what is sent`,
  });
export type Trigger = z.infer<typeof Trigger>;

/** A read that shows what a side holds. */
const Probe = z
  .strictObject({
    /** At the colour itself: the tested one for `arrives`, the live one for `live`. */
    path: Path.optional(),
    /** Elsewhere: a mail server's or a queue's own interface. */
    url: z.url({ protocol: /^https?$/ }).optional(),
    headers: headers.default({}),
    status: z.int().min(100).max(599).default(200),
    /** Something that is always there: shows that the read shows anything at all. */
    contains: z.string().min(1).max(1_000).optional(),
  })
  .refine(({ path, url }) => (path === undefined) !== (url === undefined), {
    message: "give either `path` or `url`",
  });
export type Probe = z.infer<typeof Probe>;

export const Marker = z
  .strictObject({
    trigger: Trigger,
    /** It has to arrive in this sink of Tidelock's … */
    sink: SinkKind.optional(),
    /** … or be seen by this read (a row in the isolated database). */
    arrives: Probe.optional(),
    /** Reads of the live side, none of which may ever show it. */
    live: z.array(Probe).min(1, "say how the live side would show it").max(10),
  })
  .refine(({ sink, arrives }) => (sink === undefined) !== (arrives === undefined), {
    message: "give either `sink` or `arrives`",
  });
export type Marker = z.infer<typeof Marker>;

export const IsolationConfiguration = z.strictObject({
  /** What the service does to the world, one entry a kind: `mail`, `job`, `row`, `call`. */
  markers: z
    .record(Name, Marker)
    .refine((all) => Object.keys(all).length > 0, "declare at least one kind")
    .refine((all) => Object.keys(all).length <= 20, "there can be at most 20"),
  /** Each instance of the tested colour, or the route with the tester's credential. */
  through: z.enum(["instances", "route"]).default("instances"),
  /** How long a marker may take to arrive. */
  arriveMs: z.int().min(100).max(300_000).default(15_000),
  /** How long the live side is watched after the last one arrived: slow workers deliver late. */
  settleMs: z.int().min(0).max(300_000).default(2_000),
  /** For one request. */
  timeoutMs: z.int().min(1).max(60_000).default(10_000),
});
export type IsolationConfiguration = z.infer<typeof IsolationConfiguration>;
