import { z } from "zod";
import { Digest, Fence, Slot } from "../model/primitives.ts";
import { SinkKind } from "../model/sinks.ts";

/** The part of the host agent's protocol (host-agent.ts) that shows what tests met, and what a tested colour did. */

/** One thing that a colour under test sent to a sink. All text is the service's own: hostile until escaped. */
export const SinkMessage = z.object({
  sequence: z.int().positive(),
  at: z.string(),
  sink: SinkKind,
  /** `mail from a@b to c@d`, `POST /hook`, `37 bytes from 127.0.0.1:40112`. */
  summary: z.string(),
  /** What was sent, cut to 16 KiB. Credentials that came with it are not kept. */
  text: z.string(),
  truncated: z.boolean(),
});
export type SinkMessage = z.infer<typeof SinkMessage>;

/** Requests with one scan's mark that the router sent to a colour: by bearers of the tester's credential, and others. */
export const ScanCount = z.object({
  tester: z.int().nonnegative(),
  other: z.int().nonnegative(),
});

export const SlotManifest = z.object({
  /** False where the system does not show its processes (no /proc). */
  visible: z.boolean(),
  deployed: z
    .object({
      release: Digest,
      configuration: Digest,
      bindings: z.enum(["isolated", "live"]),
      generation: z.string(),
      delivery: z.enum(["files", "variables"]),
    })
    .nullable(),
  /** Each unpacked artifact, read again now; `change` says what is not as it was. */
  artifacts: z.array(z.object({ digest: Digest, change: z.string().nullable() })),
  /** Files and folders of the release whose mode and owner were looked at. */
  entries: z.int().nonnegative(),
  /** Those that belong to somebody else or may be written, with why. */
  misplaced: z.array(z.string()),
  /** Keys of the configuration as they lie there; `mac` is null for what nobody delivered. */
  delivered: z.array(
    z.object({ name: z.string(), mac: z.string().nullable(), problem: z.string().nullable() }),
  ),
  processes: z.array(
    z.object({
      /** `web-0`; null for a process that is in no instance's family any more. */
      instance: z.string().nullable(),
      /** The one that the agent started. */
      main: z.boolean(),
      pid: z.int(),
      program: z.string(),
      /** `written`: it lies where services may write. `removed`: it is gone from the disk. */
      from: z.enum(["release", "machine", "written", "removed", "unknown"]),
      /** Another user than the instance's. */
      foreignUser: z.int().nullable(),
      /** Of the main process: what it was started with, name to HMAC; null where it cannot be read. */
      variables: z.record(z.string(), z.string()).nullable(),
    }),
  ),
});
export type SlotManifest = z.infer<typeof SlotManifest>;

export const testMethods = {
  /**
   * A signed mark for the requests of one scan. It gives no right to anything: the router counts to which
   * colour requests that carry it go, so that a service which hands them on to the live one is found out.
   */
  "scan.begin": {
    params: z.object({ lane: z.string(), ttlMs: z.int().positive().max(86_400_000) }),
    result: z.object({ header: z.string(), value: z.string(), scan: z.string() }),
  },
  /** Null when the lane has no route, or its router knows nothing of what came before it was started again. */
  "scan.read": {
    params: z.object({ lane: z.string(), scan: z.string() }),
    result: z.object({
      seen: z.object({ blue: ScanCount, green: ScanCount }).nullable(),
      /** Changes when the router is started again: counts of before are lost with it. */
      router: z.string().nullable(),
      weights: z.object({ blue: z.int(), green: z.int() }).nullable(),
    }),
  },
  /** What arrived in the sinks of a colour under test, after a sequence number. */
  "sink.read": {
    params: z.object({
      slot: Slot,
      after: z.int().nonnegative(),
      limit: z.int().positive().max(500),
    }),
    result: z.object({
      /** The deployment that the sinks belong to; null when it has none. */
      generation: z.string().nullable(),
      sinks: z.array(z.object({ kind: SinkKind, host: z.string(), port: z.int() })),
      /** False while the program that receives is being started again. */
      running: z.boolean(),
      messages: z.array(SinkMessage),
      /** Of what was read: ask after this one next. */
      next: z.int().nonnegative(),
      /** The sink's room is used up; later ones were taken and not kept. */
      full: z.boolean(),
    }),
  },
  /** On which TCP ports the processes of a colour listen, in the network that they live in. */
  "slot.ports": {
    params: z.object({ slot: Slot }),
    result: z.object({
      /** False where the system does not show it (no /proc). */
      visible: z.boolean(),
      listening: z.array(
        z.object({
          /** `web-0`; null for a process that is in no instance's family any more. */
          instance: z.string().nullable(),
          pid: z.int(),
          port: z.int(),
          reach: z.enum(["loopback", "any", "address"]),
        }),
      ),
      /** Ports that the instances were given. */
      own: z.array(z.int()),
    }),
  },
  /**
   * What really is on a colour. Values come back as HMAC-SHA256 under `key` (hex, made for this one call), over
   * `<length of the name>:<name>:<value>`: whoever knows a value can tell that it is there, nobody else learns it.
   */
  "slot.manifest": {
    params: z.object({ slot: Slot, key: z.string().regex(/^[0-9a-f]{64}$/) }),
    result: SlotManifest,
  },
  /**
   * Starts the instances of an isolated deployment again, in place, with an empty `$TIDELOCK_STATE_DIR` and at
   * the ports that they had where those are still free. Answers when the old processes are gone and the state
   * is empty; the new ones may still be starting. `forbidden` for live bindings: that would be users' data.
   */
  "slot.reset": {
    params: z.object({ fence: Fence, operation: z.string().min(1).max(200), slot: Slot }),
    result: z.object({}),
  },
  /** How much memory the processes of a colour hold, those that they started included. */
  "slot.memory": {
    params: z.object({ slot: Slot }),
    result: z.object({
      /** False where the system does not show it (no /proc). */
      visible: z.boolean(),
      instances: z.array(z.object({ instance: z.string(), rssBytes: z.int().nonnegative() })),
    }),
  },
  /**
   * Whether any of `values` stands in what the slot's instances were given: delivered files and variables,
   * and the environment and arguments of their running processes. Names and places come back, never values.
   */
  "slot.search": {
    params: z.object({ slot: Slot, values: z.record(z.string(), z.string()) }),
    result: z.object({
      generation: z.string().nullable(),
      bindings: z.enum(["isolated", "live"]).nullable(),
      /** Files, variables and processes that were read. */
      places: z.int().nonnegative(),
      /** Running processes that could not be read. */
      unreadable: z.int().nonnegative(),
      found: z.array(z.object({ name: z.string(), place: z.string() })),
    }),
  },
};
