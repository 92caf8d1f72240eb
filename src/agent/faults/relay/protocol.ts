import { z } from "zod";
import { Fault, RelayCounts } from "../../../ports/host-agent-faults.ts";

/** What the relay is started with. */
export const RelaySettings = z.strictObject({
  host: z.string(),
  dependencies: z.array(
    z.strictObject({ name: z.string(), host: z.string(), port: z.int(), listen: z.int() }),
  ),
  /** Unix socket on which it is told what to do. */
  control: z.string(),
  user: z.int().positive().nullable(),
});
export type RelaySettings = z.infer<typeof RelaySettings>;

/** One line of JSON goes in and one comes out; then the connection ends. */
export const RelayOrder = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("read") }),
  /** It ends by itself after `forMs`: whoever gave the order may be gone by then. */
  z.strictObject({
    kind: z.literal("begin"),
    operation: z.string(),
    fault: Fault,
    forMs: z.int().positive(),
  }),
  z.strictObject({ kind: z.literal("end"), operation: z.string() }),
]);
export type RelayOrder = z.infer<typeof RelayOrder>;

export const RelayState = z.strictObject({
  /** Of the fault that was last; the counts are its. */
  operation: z.string().nullable(),
  active: z.boolean(),
  counts: RelayCounts,
});
export type RelayState = z.infer<typeof RelayState>;
