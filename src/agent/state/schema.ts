import { z } from "zod";
import { Colour, Fence, Slot } from "../../model/primitives.ts";
import { RouteSpec } from "../../ports/host-agent.ts";
import { FaultRecord } from "../faults/record.ts";
import { ProcessIdentity } from "../os/identity.ts";
import { ParsedProcess, StoredSpec } from "../slots/spec.ts";

export const loopback = "127.0.0.1";

/** One replica of one process. Whether it is ready is not kept: it is found out again. */
export const InstanceRecord = z.strictObject({
  /** Unique among all instances that ever were; the marker by which a stray process is recognised. */
  id: z.string(),
  process: z.string(),
  index: z.int().nonnegative(),
  /** Numeric user it runs as; null: the agent's own. */
  user: z.int().nullable(),
  /** How it is stopped: kept here, since it may outlive the specification that it came from. */
  stop: ParsedProcess.shape.stop,
  identity: ProcessIdentity.nullable(),
  startedAt: z.string().nullable(),
  /** Where its port is: loopback, or an address of the network namespace that it lives in. */
  host: z.string().default(loopback),
  port: z.int().nullable(),
  restarts: z.int().nonnegative(),
  lastExit: z.string().nullable(),
  /** Set when it will not be started again by itself: why. */
  gaveUp: z.string().nullable(),
});
export type InstanceRecord = z.infer<typeof InstanceRecord>;

export const SlotRecord = z.strictObject({
  slot: Slot,
  /** Null while the slot is being emptied. */
  spec: StoredSpec.nullable(),
  instances: z.array(InstanceRecord),
  /** Of an earlier deployment: being stopped. They are never started again. */
  retiring: z.array(InstanceRecord),
  /** Whether this deployment has ever been wholly ready. */
  wasReady: z.boolean(),
  /** It is being started anew with nothing kept; absent otherwise, so that an earlier agent can read it. */
  resetting: z.literal(true).optional(),
});
export type SlotRecord = z.infer<typeof SlotRecord>;

export const ArmedReturn = z.strictObject({
  operation: z.string(),
  to: Colour,
  /** The window's end: by the clock that counts since boot (Unix ms of that boot), and by the wall. */
  bootId: z.string(),
  untilUptimeMs: z.number(),
  untilWallMs: z.number(),
  onControlLoss: z.enum(["hold", "return"]),
  controlLossMs: z.int().positive(),
});
export type ArmedReturn = z.infer<typeof ArmedReturn>;

/** A return that was done and is not in the journal yet. */
export const DoneReturn = z.strictObject({
  operation: z.string(),
  detail: z.record(z.string(), z.unknown()),
});

export const LaneRecord = z.strictObject({
  fence: Fence.nullable(),
  /** The newest effects, oldest first: an operation that arrives again is answered, not done again. */
  operations: z.array(z.strictObject({ operation: z.string(), content: z.string() })),
  route: RouteSpec.nullable(),
  armed: ArmedReturn.nullable(),
  returned: DoneReturn.nullable().default(null),
});
export type LaneRecord = z.infer<typeof LaneRecord>;

export const RouterRecord = z.strictObject({
  identity: ProcessIdentity,
  /** Its mark, as with instances of services. */
  instance: z.string(),
});
export type RouterRecord = z.infer<typeof RouterRecord>;

/**
 * What the agent wants and what it started, enough to go on after kill -9 or a reboot without asking
 * anybody. It holds no secret: configuration entries lie in the slots' own folders.
 */
export const AgentState = z.strictObject({
  formatVersion: z.literal(1),
  agentId: z.string(),
  /** Owner (slot or lane key, `router`) to numeric user. */
  users: z.record(z.string(), z.int()),
  lanes: z.record(z.string(), LaneRecord),
  slots: z.record(z.string(), SlotRecord),
  routers: z.record(z.string(), RouterRecord),
  /** The last fault of each colour; one without an end is being suffered. */
  faults: z.record(z.string(), FaultRecord).default({}),
});
export type AgentState = z.infer<typeof AgentState>;

export function emptyState(agentId: string): AgentState {
  return { formatVersion: 1, agentId, users: {}, lanes: {}, slots: {}, routers: {}, faults: {} };
}

export function emptyLane(): LaneRecord {
  return { fence: null, operations: [], route: null, armed: null, returned: null };
}

/** Kept short: an operation is repeated within seconds or minutes, not after sixty-four others. */
export const keptOperations = 64;
