import { z } from "zod";
import { Severity } from "./observation.ts";

/** Of the source's own choosing, on one line. */
const word = z
  .string()
  .regex(/^[a-zA-Z0-9]([a-zA-Z0-9._:/-]{0,126}[a-zA-Z0-9])?$/, "use letters, digits and . _ : / -");

/** Says that a source is there and looks; nothing else of it counts. */
export const heartbeat = "heartbeat";

/** What a runtime control (firewall, sensor, error tracker) saw of one release, as it reports it. */
export const SignalInput = z.strictObject({
  /** Who saw it: `waf`, `falco`, `errors`. */
  source: word,
  /** The source's own number for it: the same one twice is one signal. */
  id: word,
  /** What kind of thing: `heartbeat`, or a word of the source's own. */
  kind: word,
  severity: Severity,
  message: z.string().min(1).max(500),
});
export type SignalInput = z.infer<typeof SignalInput>;

/** As it was taken in. */
export interface RuntimeSignal extends SignalInput {
  /** RFC 3339, by the database's clock. */
  readonly at: string;
}
