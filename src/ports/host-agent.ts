import { z } from "zod";
import { Colour, Digest, Fence, Slot } from "../model/primitives.ts";
import { IsolationGrade, type Process } from "../model/pipeline.ts";
import { LaneTraffic } from "../model/traffic.ts";
import { checkMethods } from "./host-agent-checks.ts";
import { faultMethods } from "./host-agent-faults.ts";
import { ScanCount, testMethods } from "./host-agent-tests.ts";

/**
 * The host agent's protocol, version 1. One connection carries newline-delimited JSON frames
 * `{"id": 1, "method": "slot.deploy", "params": {…}}` one way and `{"id": 1, "result": {…}}` or
 * `{"id": 1, "error": {code, message, retryable, where, hint}}` the other, over a private Unix socket
 * (later: the same frames over outbound mutual TLS). The first frame is `hello`. A frame is at most 4 MiB.
 *
 * Every effect carries a fence. The agent keeps the highest fence of each lane on disk and refuses a
 * lower one with `stale-epoch`, before the effect and without side effects. Every effect is idempotent:
 * the same `operation` with the same content is answered with the same result.
 */
export const protocolVersion = 1;
export const maxFrameBytes = 4 * 1024 * 1024;

/** Deterministic id of one effect: `<promotion>/<step index>/<name>`. */
const Operation = z.string().min(1).max(200);
const Effect = { fence: Fence, operation: Operation };

export const AgentInfo = z.object({
  protocol: z.int(),
  version: z.string(),
  agentId: z.string(),
  pid: z.int(),
  /** Of the running kernel: a pid means something only together with it. */
  bootId: z.string(),
  /** SPKI PEM of the Ed25519 key that signs the journal. */
  publicKey: z.string(),
  /** What the machine lets us claim for services and checks. */
  isolation: IsolationGrade,
  /** Why isolation is `none`, when it is. */
  isolationReason: z.string().nullable(),
  /** False where an ancestor or a cgroup would take the agent down with the server (law 6). */
  outlivesServer: z.boolean(),
  /** Why it would not, and what to do about it. */
  outlivesServerReason: z.string().nullable().default(null),
  dataDir: z.string(),
});
export type AgentInfo = z.infer<typeof AgentInfo>;

/** One release running on one colour. A different content digest means replace, never edit. */
export const SlotSpec = z.object({
  slot: Slot,
  release: Digest,
  releaseName: z.string(),
  configuration: Digest,
  bindings: z.enum(["isolated", "live"]),
  /** Distinguishes two deployments of the same thing: fresh instances after a scan are a new generation. */
  generation: z.string(),
  artifacts: z.array(z.object({ digest: Digest, size: z.int().nonnegative() })),
  /** Parsed `Process` documents (durations in milliseconds) with the final number of replicas. */
  processes: z.record(z.string(), z.custom<Process>()),
  /** Already resolved. Delivered as files or variables; kept by the agent in 0600 files, never in its journal. */
  environment: z.object({
    delivery: z.enum(["files", "variables"]),
    entries: z.record(z.string(), z.string()),
  }),
});
export type SlotSpec = z.infer<typeof SlotSpec>;

export const InstanceState = z.enum([
  "starting", // spawned, not yet ready
  "ready",
  "unready", // was ready, its readiness probe fails
  "backoff", // exited, waits for its next start (crash loop)
  "stopping",
  "exited", // will not be started again
]);
export type InstanceState = z.infer<typeof InstanceState>;

export const Instance = z.object({
  id: z.string(),
  process: z.string(),
  index: z.int().nonnegative(),
  state: InstanceState,
  pid: z.int().nullable(),
  startedAt: z.string().nullable(),
  /** Where its port is: loopback, or the address of a network namespace of its own. */
  host: z.string().default("127.0.0.1"),
  port: z.int().nullable(),
  restarts: z.int().nonnegative(),
  /** Last exit, as people read it: `exit code 1` or `SIGKILL`. */
  lastExit: z.string().nullable(),
  /** The last lines of its log, when it is not ready: what a person looks for first. */
  logTail: z.array(z.string()),
});
export type Instance = z.infer<typeof Instance>;

export const SlotObservation = z.object({
  slot: Slot,
  /** Null when the colour is empty. */
  deployed: z
    .object({
      release: Digest,
      releaseName: z.string(),
      configuration: Digest,
      bindings: z.enum(["isolated", "live"]),
      generation: z.string(),
    })
    .nullable(),
  /** `ready` when every replica of every process is. `failed` when it never will be by itself. */
  state: z.enum(["empty", "starting", "ready", "degraded", "failed"]),
  message: z.string(),
  instances: z.array(Instance),
  /** What stood here before still ends its requests; only then what shall run here is started. */
  draining: z.boolean().optional(),
});
export type SlotObservation = z.infer<typeof SlotObservation>;

/** Grade `bound`: this socket belongs to a process that we started, which runs from this digest. */
export const IdentityProof = z.object({
  slot: Slot,
  grade: z.enum(["none", "bound", "native"]),
  release: Digest,
  /** What an instance said it is, when it answered our nonce as another release than this one. */
  answeredAs: z.string().optional(),
  /** SHA-256 over the unpacked tree, computed again now: it must equal the artifact's. */
  treeVerified: z.boolean(),
  instances: z.array(
    z.object({
      id: z.string(),
      pid: z.int(),
      startTime: z.string(),
      port: z.int().nullable(),
      socketInode: z.string().nullable(),
      ownsSocket: z.boolean(),
      workingDirectory: z.string(),
      uid: z.int(),
    }),
  ),
  /** Ports of these instances at which a process answers that is none of theirs. */
  strangers: z.array(z.int()).default([]),
  /** A fault of our own stood: an instance may not have answered because of it. */
  impaired: z.boolean().optional(),
  reason: z.string(),
});
export type IdentityProof = z.infer<typeof IdentityProof>;

/** The cheap part of a proof: who holds the sockets now. The tree is not read. */
export const SlotSockets = z.object({
  slot: Slot,
  /** Null when the colour is empty. */
  deployed: z.object({ release: Digest, generation: z.string() }).nullable(),
  instances: z.array(
    z.object({
      /** `web-0` */
      name: z.string(),
      /** Null while it does not run. */
      pid: z.int().nullable(),
      startTime: z.string().nullable(),
      port: z.int().nullable(),
      ownsSocket: z.boolean(),
    }),
  ),
  strangers: z.array(z.int()),
});
export type SlotSockets = z.infer<typeof SlotSockets>;

const Percent = z.int().min(0).max(100);
/** Share of new requests per colour, in whole percent; the two add up to 100, or both are 0 (503). */
export const Weights = z.object({ blue: Percent, green: Percent });
export type Weights = z.infer<typeof Weights>;

export const RouteSpec = z.object({
  lane: z.string(),
  /** host:port */
  listen: z.string(),
  tls: z.object({ certificate: z.string(), key: z.string() }).nullable(),
  trustedProxies: z.array(z.string()),
  limits: z.object({ headerBytes: z.int(), bodyBytes: z.int() }),
  weights: Weights,
  drainMs: z.int().nonnegative(),
});
export type RouteSpec = z.infer<typeof RouteSpec>;

export const RouteObservation = z.object({
  lane: z.string(),
  /** Null when there is no such route. */
  route: RouteSpec.nullable(),
  /** What the router process itself says it does, not what it was told. */
  effective: z
    .object({
      weights: Weights,
      generation: z.int(),
      colours: z.record(
        Colour,
        z.object({
          releaseName: z.string().nullable(),
          backends: z.int().nonnegative(),
          inFlight: z.int().nonnegative(),
          /** Requests dispatched since the route was made. */
          requests: z.int().nonnegative(),
          failed: z.int().nonnegative(),
        }),
      ),
      /** Monotonic-to-wall times in Unix ms of the last change, the first request of the new live colour, the last of the old. */
      lastSwitch: z
        .object({ at: z.number(), firstNew: z.number().nullable(), lastOld: z.number().nullable() })
        .nullable(),
      /** What was still open when a drain's ceiling came: WebSockets told 1001, requests cut. Since the route was made. */
      endedAtCeiling: z
        .object({ websockets: z.int().nonnegative(), requests: z.int().nonnegative() })
        .optional(),
      /** Requests with the mark of a scan, by scan and colour, since this router was started. */
      scans: z.record(z.string(), z.object({ blue: ScanCount, green: ScanCount })).optional(),
    })
    .nullable(),
});
export type RouteObservation = z.infer<typeof RouteObservation>;

export type { CheckProcess } from "./host-agent-checks.ts";

export const JournalEntry = z.object({
  sequence: z.int().positive(),
  at: z.string(),
  kind: z.string(),
  lane: z.string().nullable(),
  operation: z.string().nullable(),
  detail: z.record(z.string(), z.unknown()),
  /** SHA-256 of the previous entry's canonical JSON, hex; 64 zeros for the first. */
  previous: z.string(),
  /** base64 Ed25519 over the canonical JSON of the entry without this field. */
  signature: z.string(),
});
export type JournalEntry = z.infer<typeof JournalEntry>;

const None = z.object({});

/** Every method, with the schemas of what goes in and what comes out. Client and agent share this table. */
export const methods = {
  hello: {
    params: z.object({ protocols: z.array(z.int()), client: z.string() }),
    result: AgentInfo,
  },
  /** Presents a new fence before anything else is observed: from here on every older one is refused. */
  "lane.fence": { params: z.object({ fence: Fence }), result: None },
  "lane.forget": { params: z.object({ ...Effect }), result: None },
  /** Unpacks an artifact, verifying its digest while reading. `path` lies in the server's content store. */
  "artifact.ensure": {
    params: z.object({ digest: Digest, size: z.int(), path: z.string() }),
    result: z.object({ directory: z.string() }),
  },
  "artifact.collect": {
    params: z.object({ keep: z.array(Digest) }),
    result: z.object({ removed: z.int() }),
  },
  "slot.deploy": { params: z.object({ ...Effect, spec: SlotSpec }), result: None },
  "slot.destroy": { params: z.object({ ...Effect, slot: Slot }), result: None },
  "slot.observe": { params: z.object({ slot: Slot }), result: SlotObservation },
  "slot.prove": { params: z.object({ slot: Slot }), result: IdentityProof },
  "slot.sockets": { params: z.object({ slot: Slot }), result: SlotSockets },
  "slot.list": { params: None, result: z.object({ slots: z.array(SlotObservation) }) },
  "route.set": { params: z.object({ ...Effect, route: RouteSpec }), result: RouteObservation },
  "route.read": { params: z.object({ lane: z.string() }), result: RouteObservation },
  /** What users of a lane got, counted by the router. */
  "route.traffic": { params: z.object({ lane: z.string() }), result: LaneTraffic },
  "route.remove": { params: z.object({ ...Effect, lane: z.string() }), result: None },
  /** A signed credential that makes the router send its bearer to the idle colour until it expires. */
  "route.tester": {
    params: z.object({ lane: z.string(), ttlMs: z.int().positive().max(86_400_000) }),
    result: z.object({ header: z.string(), value: z.string(), expiresAt: z.string() }),
  },
  ...testMethods,
  ...faultMethods,
  /** Arms the way back: until `untilMs` from now the agent may return the traffic to `to` by itself. */
  "return.arm": {
    params: z.object({
      ...Effect,
      lane: z.string(),
      to: Colour,
      forMs: z.int().positive(),
      onControlLoss: z.enum(["hold", "return"]),
      /** How long without a frame from any control plane counts as lost. */
      controlLossMs: z.int().positive(),
    }),
    result: None,
  },
  "return.disarm": { params: z.object({ ...Effect, lane: z.string() }), result: None },
  ...checkMethods,
  /** Lines after `cursor` of every instance of a slot; with `waitMs` it answers late when there is nothing yet. */
  "logs.read": {
    params: z.object({
      slot: Slot,
      process: z.string().nullable(),
      cursor: z.string().nullable(),
      tailLines: z.int().min(0).max(10_000),
      waitMs: z.int().min(0).max(20_000),
    }),
    result: z.object({
      lines: z.array(z.object({ at: z.string(), instance: z.string(), text: z.string() })),
      cursor: z.string(),
    }),
  },
  "journal.read": {
    params: z.object({ after: z.int().nonnegative(), limit: z.int().min(1).max(1000) }),
    result: z.object({ entries: z.array(JournalEntry) }),
  },
  /** Keeps the agent's view that a control plane is there; sent every few seconds by each server. */
  "control.heartbeat": { params: z.object({ server: z.string() }), result: None },
  /** Stops everything the agent runs, then the agent: `tidelock down`. */
  "agent.shutdown": { params: z.object({ stopServices: z.boolean() }), result: None },
} as const;

export type Methods = typeof methods;
export type MethodName = keyof Methods;
export type Params<M extends MethodName> = z.input<Methods[M]["params"]>;
export type Result<M extends MethodName> = z.output<Methods[M]["result"]>;

/** What the engine and the adapters hold: the agent's methods as calls. Errors are `TidelockError`. */
export interface HostAgent {
  call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>>;
}
