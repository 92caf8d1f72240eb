import { z } from "zod";
import { Expectation, HttpRequest } from "../request-schema.ts";

const Share = z.number().min(0).max(1);
/** The process of which an instance is injured; absent: the one that takes requests. */
const ProcessName = z
  .string()
  .regex(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/, "write the name of a process of the pipeline")
  .optional();
const Instances = z.enum(["one", "all"]).default("one");
const DependencyName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, "write the name that stands in `{fault.<name>=…}`")
  .refine((name) => name !== "disk", "the fault for the disk is `kind: disk-full`");

const InjectedFault = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("kill"), process: ProcessName, instances: Instances }),
  z.strictObject({ kind: z.literal("pause"), process: ProcessName, instances: Instances }),
  z.strictObject({
    kind: z.literal("latency"),
    dependency: DependencyName,
    addMs: z.int().min(1).max(60_000),
    jitterMs: z.int().min(0).max(60_000).default(0),
  }),
  z.strictObject({
    kind: z.literal("error"),
    dependency: DependencyName,
    /** `reset` cuts connections; `status` answers HTTP requests in the dependency's stead. */
    how: z.enum(["reset", "status"]).default("reset"),
    status: z.int().min(500).max(599).default(503),
    share: z.number().gt(0).max(1).default(1),
  }),
  z.strictObject({ kind: z.literal("disk-full") }),
]);
export type InjectedFault = z.infer<typeof InjectedFault>;

export const Experiment = z.strictObject({
  name: z.string().min(1).max(100).optional(),
  fault: InjectedFault,
  /** How long it is suffered; after a kill: how long is looked. */
  durationMs: z.int().min(500).max(600_000).default(5_000),
  during: z
    .strictObject({
      /** Share of requests that may be answered worse than this, or not at all. */
      errorShare: Share.default(0),
      /** An answer like this will do meanwhile, besides the one that the hypothesis expects. */
      degraded: Expectation.optional(),
    })
    .default({ errorShare: 0 }),
  /** From its end until the hypothesis holds again and every instance is ready. */
  recoverMs: z.int().min(0).max(600_000).default(15_000),
});
export type Experiment = z.infer<typeof Experiment>;

export const ChaosConfiguration = z.strictObject({
  /** Draws which instance is hurt, the order when it is shuffled, and a relay's lots. */
  seed: z.int().min(0).max(0xffff_ffff).default(1),
  order: z.enum(["listed", "shuffled"]).default("listed"),
  /** Absent: by the route where there is one, as users come, else each instance. */
  through: z.enum(["instances", "route"]).optional(),
  hypothesis: z.strictObject({
    requests: z.array(HttpRequest).min(1).max(50),
    /** Share of requests that may be answered otherwise although nothing is injected. */
    tolerance: Share.default(0),
    /** Sent at this pace all along, whether or not answers come. */
    perSecond: z.int().min(1).max(100).default(20),
    /** For one request. */
    timeoutMs: z.int().min(10).max(60_000).default(2_000),
    /** How long it has to hold before, and to hold again after, each experiment. */
    measureMs: z.int().min(500).max(120_000).default(2_000),
    ca: z.string().max(1_000_000).optional(),
  }),
  experiments: z.array(Experiment).min(1).max(30),
});
export type ChaosConfiguration = z.infer<typeof ChaosConfiguration>;
