import { z } from "zod";
import { Fence, Slot } from "../model/primitives.ts";

/** The part of the host agent's protocol (host-agent.ts) that injures a colour under test on purpose. */

/** However long is asked for: then the agent undoes it by itself. Milliseconds. */
export const longestFaultMs = 900_000;

/** `web-0`: process and number, as `slot.sockets` names instances. */
const InstanceNames = z.array(z.string().min(1).max(100)).min(1).max(64);
const DependencyName = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/);
/** Whoever draws lots draws the same with the same seed. */
const Seed = z.int().min(0).max(0xffff_ffff);

export const Fault = z.discriminatedUnion("kind", [
  /** SIGKILL to the instance's first process; the agent then starts it again as after any crash. */
  z.strictObject({ kind: z.literal("kill"), instances: InstanceNames }),
  /** SIGSTOP to every process of the instance. */
  z.strictObject({ kind: z.literal("pause"), instances: InstanceNames }),
  /** What the service sends to a dependency arrives later. */
  z.strictObject({
    kind: z.literal("latency"),
    dependency: DependencyName,
    addMs: z.int().min(1).max(60_000),
    jitterMs: z.int().min(0).max(60_000),
    seed: Seed,
  }),
  /** A share of connections to a dependency is reset, or of its HTTP requests answered with an error. */
  z.strictObject({
    kind: z.literal("error"),
    dependency: DependencyName,
    how: z.enum(["reset", "status"]),
    status: z.int().min(500).max(599),
    share: z.number().gt(0).max(1),
    seed: Seed,
  }),
  /** The disk that holds the state of the colour's processes has no room left. */
  z.strictObject({ kind: z.literal("disk-full") }),
]);
export type Fault = z.infer<typeof Fault>;
export type FaultOf<K extends Fault["kind"]> = Extract<Fault, { kind: K }>;

/** What the way to one dependency did to its traffic since a fault began. */
export const RelayCounts = z.object({
  connections: z.int().nonnegative(),
  /** Pieces of what the service sent that were handed on late, and by how much. Milliseconds. */
  delayed: z.int().nonnegative(),
  leastMs: z.number().nonnegative(),
  meanMs: z.number().nonnegative(),
  mostMs: z.number().nonnegative(),
  /** Pieces that were still kept back when the service gave up waiting for an answer. */
  abandoned: z.int().nonnegative(),
  resets: z.int().nonnegative(),
  statuses: z.int().nonnegative(),
});
export type RelayCounts = z.infer<typeof RelayCounts>;

export const FaultEnding = z.enum([
  /** It is over by its nature, as with a kill. */
  "done",
  "asked",
  "deadline",
  /** The agent was killed meanwhile, and undid it when it was back. */
  "agent-returned",
  /** The colour got another deployment, was emptied, or was about to meet users. */
  "replaced",
]);
export type FaultEnding = z.infer<typeof FaultEnding>;

/** The last fault of a colour, read back from what it did it to, now. */
export const FaultObservation = z.object({
  operation: z.string(),
  generation: z.string(),
  fault: Fault,
  active: z.boolean(),
  /** Seen at this moment; of one that is over: seen when it was inflicted. */
  injected: z.boolean(),
  /** What was seen, in words. */
  evidence: z.string(),
  ended: z
    .object({
      at: z.string(),
      how: FaultEnding,
      /** Read back: nothing of it is left. */
      clean: z.boolean(),
    })
    .nullable(),
  relay: RelayCounts.nullable(),
});
export type FaultObservation = z.infer<typeof FaultObservation>;

export const faultMethods = {
  /** What of a colour may be injured. */
  "fault.offers": {
    params: z.object({ slot: Slot }),
    result: z.object({
      generation: z.string().nullable(),
      /** Why nothing here may be injured, in words; null when it may. */
      refused: z.string().nullable(),
      instances: z.array(z.object({ name: z.string(), process: z.string(), running: z.boolean() })),
      dependencies: z.array(z.object({ name: z.string(), upstream: z.string() })),
      disk: z.object({
        bytes: z.int().nullable(),
        /** Why it cannot be filled, in words; null when it can. */
        impossible: z.string().nullable(),
      }),
    }),
  },
  /**
   * Injures a colour under test, once for an operation, and reads back that it did. One fault a colour at a
   * time. Refused for a colour that users meet or may meet. It is undone after `forMs` whatever happens.
   */
  "fault.begin": {
    params: z.object({
      fence: Fence,
      operation: z.string().min(1).max(200),
      slot: Slot,
      generation: z.string(),
      fault: Fault,
      forMs: z.int().min(1).max(longestFaultMs),
    }),
    result: FaultObservation,
  },
  /** The last fault of a colour; null when it had none. */
  "fault.read": {
    params: z.object({ slot: Slot }),
    result: z.object({ fault: FaultObservation.nullable() }),
  },
  /** Undoes the fault with that operation and reads back that nothing of it is left. Needs no newest fence: it heals. */
  "fault.end": {
    params: z.object({ slot: Slot, operation: z.string() }),
    result: FaultObservation,
  },
};
