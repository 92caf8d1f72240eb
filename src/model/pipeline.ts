import { z } from "zod";
import { ApprovalDemand } from "./approval.ts";
import { calendarKeys } from "./calendar.ts";
import { ConfigurationKey } from "./configuration.ts";
import { Diversity } from "./diversity.ts";
import { FindingPolicy } from "./finding-policy.ts";
import { HighRisk } from "./high-risk.ts";
import { BreakGlassPolicy } from "./break-glass.ts";
import { OnContradiction, OnSignal } from "./incident-policy.ts";
import { WaiverPolicy } from "./waiver.ts";
import { GateRule } from "./gate-rule.ts";
import { ReviewHost } from "./git-host.ts";
import { Duration, Name, Tier } from "./primitives.ts";
import { ReleaseRequirements } from "./producers.ts";
import { Requirement, ThreatModel } from "./requirements.ts";

/**
 * The two documents of a `tidelock.yaml`. `Pipeline` is the service's own and travels with its code;
 * `Environment` belongs to the server's owners. A pipeline refers to environments by name and may only
 * tighten what they demand. Promotions use the registered version, never what a candidate carries.
 */
export const apiVersion = "tidelock.dev/v1";

/** An argv array; never a shell string. `{port}` in an argument is replaced by the instance's port. */
const Command = z.array(z.string().min(1)).min(1);

/** Far above any real service; a bound on what a hostile file costs. */
const most = 64;

/** Things by name. */
const Named = <T extends z.ZodType>(item: T) =>
  z
    .record(Name, item)
    .refine((named) => Object.keys(named).length <= most, `there can be at most ${most} entries`);

/** When an instance may receive traffic. `exec`-free on purpose: a hostile service must not run as us. */
export const Readiness = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("http"),
    path: z.string().startsWith("/").default("/"),
    status: z.int().min(100).max(599).default(200),
    interval: Duration.default(500),
    timeout: Duration.default(60_000),
  }),
  z.strictObject({
    kind: z.literal("tcp"),
    interval: Duration.default(500),
    timeout: Duration.default(60_000),
  }),
  /** For processes without a port: alive for this long without a restart. */
  z.strictObject({ kind: z.literal("alive"), for: Duration.default(2_000) }),
]);
export type Readiness = z.infer<typeof Readiness>;

export const Resources = z.strictObject({
  /** MiB of address space or cgroup memory, whichever the machine can enforce. */
  memoryMb: z.int().positive().optional(),
  openFiles: z.int().positive().optional(),
  processes: z.int().positive().optional(),
});

export const Process = z.strictObject({
  command: Command,
  /** How the process learns its port; `none` for one that listens to nobody. */
  port: z.enum(["variable", "argument", "namespace", "none"]).default("variable"),
  /** `http`: the environment's router sends this process its traffic (at most one). */
  router: z.enum(["http", "none"]).default("http"),
  replicas: z.int().min(1).max(64).default(1),
  ready: Readiness.default({
    kind: "http",
    path: "/",
    status: 200,
    interval: 500,
    timeout: 60_000,
  }),
  stop: z
    .strictObject({
      signal: z.enum(["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP"]).default("SIGTERM"),
      /** After this long the process group is killed. */
      grace: Duration.default(10_000),
    })
    .default({ signal: "SIGTERM", grace: 10_000 }),
  /** Gives the process `$TIDELOCK_STATE_DIR`, kept across releases; everything else is read-only or gone. */
  state: z.boolean().default(false),
  resources: Resources.default({}),
});
export type Process = z.infer<typeof Process>;

/** What environments can be dedicated to. */
export const Purpose = z.enum(["security"]);
export type Purpose = z.infer<typeof Purpose>;

/** Least a run has to have exercised to count at all; what is not named is not asked. */
export const CheckMinimum = z.strictObject({
  requests: z.int().positive().optional(),
  assertions: z.int().positive().optional(),
  files: z.int().positive().optional(),
  routes: z.int().positive().optional(),
  identities: z.int().positive().optional(),
  experiments: z.int().positive().optional(),
  scenarios: z.int().positive().optional(),
});
export type CheckMinimum = z.infer<typeof CheckMinimum>;

/** One check that an environment demands. `with` is validated by the adapter's own schema. */
export const CheckDemand = z.strictObject({
  name: Name,
  /** Adapter id: a folder of `src/checks/`. */
  uses: Name,
  with: z.record(z.string(), z.unknown()).default({}),
  /** `static` needs no deployment; `deployed` tests the idle colour; `live` runs during the watch. */
  phase: z.enum(["static", "deployed", "live"]).default("deployed"),
  timeout: Duration.default(300_000),
  /** How often an `error` (never a finding) is tried again. */
  retries: z.int().min(0).max(5).default(0),
  /** `warn` is enough for this check. */
  allowWarn: z.boolean().default(false),
  /** Less than this is inconclusive, whatever the check says. */
  minimum: CheckMinimum.optional(),
  /** A pass by data (advisories, rules) older than this is inconclusive. */
  maxDataAge: Duration.optional(),
  /** Checks of this environment that have to pass before this one begins. */
  needs: z.array(Name).max(most).optional(),
  /** The promotion goes on without its answer; a bad one that comes late opens the decision again. */
  outOfBand: z.boolean().optional(),
  /** The environment belongs to this check alone while it runs; others wait. */
  exclusive: z.boolean().optional(),
  /** What it is for, of an adapter that can be for anything: an environment may be dedicated to one purpose. */
  purpose: Purpose.optional(),
});
export type CheckDemand = z.infer<typeof CheckDemand>;

/** Watching the live colour after a switch; the failing probes in a row that return the traffic. */
export const Watch = z.strictObject({
  for: Duration.default(30_000),
  interval: Duration.default(1_000),
  failures: z.int().min(1).default(3),
  path: z.string().startsWith("/").optional(),
  status: z.int().min(100).max(599).default(200),
});
export type Watch = z.infer<typeof Watch>;

/** Whose default checks an environment takes. */
export const Profile = Tier;
export type Profile = z.infer<typeof Profile>;

export const GatePreset = z.enum(["baseline", "strict"]);
export type GatePreset = z.infer<typeof GatePreset>;

/** More often than this nothing new is known, and a release may take minutes to read. */
const RescanEvery = Duration.refine((ms) => ms >= 60_000, "at least a minute");

/** What a service's own pipeline says about one environment. The order of the list is the order of the lanes. */
export const PipelineEnvironment = z.strictObject({
  name: Name,
  /** Environments that must have verified the same release first. Default: the one above in the list. */
  after: z.array(Name).max(most).optional(),
  strategy: z.enum(["blue-green", "recreate"]).default("blue-green"),
  /** Replaces the processes' own number of replicas, by process name. */
  replicas: Named(z.int().min(1).max(64)).default({}),
  /** Default checks of a tier, as ordinary demands before `checks`; one of the same name replaces its default. */
  profile: Profile.optional(),
  /** The profile's checks that ask people as well. */
  people: z.boolean().optional(),
  checks: z.array(CheckDemand).max(most).default([]),
  gate: GatePreset.default("baseline"),
  /** What has to be true besides, in CEL. */
  rules: z.array(GateRule).max(most).optional(),
  /** Changes that ask for more eyes, besides those that the floor names. */
  risks: z.array(HighRisk).max(most).optional(),
  /** People who have to sign what goes live here, besides those that the floor asks. */
  approvals: z.array(ApprovalDemand).max(16).optional(),
  /** How many different programs of a kind have to pass: `{ sast: 2 }`, or `each` for one of each kind. */
  diversity: Diversity.optional(),
  /** How long a release must stay healthy here before a later environment takes it. */
  soak: Duration.default(0),
  /** Starts the promotion by itself when every predecessor has verified and soaked, where the owners allow it. */
  auto: z.boolean().default(false),
  /** Evidence older than this lets nothing through any more. */
  maxAge: Duration.optional(),
  ...calendarKeys,
  watch: Watch.default({ for: 30_000, interval: 1_000, failures: 3, status: 200 }),
  /** How long the old colour stays ready to take the traffic back. */
  rollbackWindow: Duration.default(3_600_000),
  /** Ceiling for requests in flight on the old colour after a switch. */
  drain: Duration.default(30_000),
  /** What the agent does when it loses the control plane inside an armed window. */
  onControlLoss: z.enum(["hold", "return"]).default("hold"),
  /** When an out-of-band check fails after users came: leave them where they are, or give the traffic back. */
  onLateFailure: z.enum(["hold", "return"]).optional(),
  /** When what is live was let through by evidence that later turns out wrong. */
  onContradiction: OnContradiction.optional(),
  /** When a runtime control reports something grave of what is live: say so, or stop the line until somebody clears it. */
  onSignal: OnSignal.optional(),
  /** The static checks of what is live are run again this often; always when newer advisories were imported. */
  rescan: RescanEvery.optional(),
  /** The whole promotion, waits for people not counted. */
  timeout: Duration.default(3_600_000),
});
export type PipelineEnvironment = z.infer<typeof PipelineEnvironment>;

export const BuildDeclaration = z.strictObject({
  command: Command,
  /** Folder, relative to the build's clean folder, that becomes the artifact. */
  output: z.string().default("."),
  /** Programs whose `--version` is recorded. */
  tools: z.array(z.string()).default([]),
  timeout: Duration.default(900_000),
});
export type BuildDeclaration = z.infer<typeof BuildDeclaration>;

const Metadata = z.strictObject({ name: Name });

export const Pipeline = z.strictObject({
  apiVersion: z.literal(apiVersion),
  kind: z.literal("Pipeline"),
  /** The name is the service's. */
  metadata: Metadata,
  spec: z.strictObject({
    /** Folder of the service, relative to the file. */
    path: z.string().default("."),
    /** Glob patterns left out of the artifact. `.git` always is. */
    exclude: z.array(z.string()).default([]),
    build: BuildDeclaration.optional(),
    processes: Named(Process),
    /** Names of the values and secrets that the service needs; a missing one stops a promotion early. */
    configuration: z.array(ConfigurationKey).default([]),
    environments: z.array(PipelineEnvironment).min(1).max(most),
    /** What has to be shown about a release, by ids, in some of the environments. */
    requirements: z.array(Requirement).max(200).optional(),
    threatModel: ThreatModel.optional(),
  }),
});
export type Pipeline = z.infer<typeof Pipeline>;

const Tls = z.strictObject({
  /** PEM files readable by the agent; they are read again when they change. */
  certificate: z.string(),
  key: z.string(),
});

export const RouterDeclaration = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("embedded"),
    /** Service name to the address it is served at, e.g. `{shop: "127.0.0.1:8080"}`. */
    listen: z.record(
      Name,
      z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, "write host:port"),
    ),
    tls: Tls.optional(),
    /** Addresses or CIDR blocks whose `X-Forwarded-*` are believed; from anyone else they are dropped. */
    trustedProxies: z.array(z.string()).default([]),
    limits: z
      .strictObject({
        headerBytes: z.int().positive().default(16_384),
        bodyBytes: z.int().positive().default(1_073_741_824),
      })
      .default({ headerBytes: 16_384, bodyBytes: 1_073_741_824 }),
  }),
  z.strictObject({ type: z.literal("none") }),
]);
export type RouterDeclaration = z.infer<typeof RouterDeclaration>;

export const TargetDeclaration = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("process") }),
  /** Scripted install and upgrade: each script is an argv, run by the agent in the unpacked release. */
  z.strictObject({
    type: z.literal("script"),
    deploy: Command,
    verify: Command,
    destroy: Command,
    /** Prints what deploy would change; used by `tidelock plan`. */
    dryRun: Command.optional(),
    timeout: Duration.default(300_000),
  }),
]);
export type TargetDeclaration = z.infer<typeof TargetDeclaration>;

export const IsolationGrade = z.enum(["none", "separate-user", "sandbox"]);
export type IsolationGrade = z.infer<typeof IsolationGrade>;

/** The floor: what no pipeline may fall below. */
export const PolicyFloor = z.strictObject({
  /** At least this often the static checks of what is live are run again. */
  rescan: RescanEvery.optional(),
  /** At least this happens when what is live turns out to have been let through by wrong evidence. */
  onContradiction: OnContradiction.optional(),
  /** At least this happens when a runtime control reports something grave of what is live. */
  onSignal: OnSignal.optional(),
  gate: GatePreset.default("baseline"),
  checks: z.array(CheckDemand).max(most).default([]),
  minimumSoak: Duration.default(0),
  /** Environments that must have verified a release first, of every service, whatever its file says. */
  after: z.array(Name).max(most).optional(),
  isolation: IsolationGrade.default("none"),
  /** Evidence older than this lets nothing through any more, of no service. */
  maxAge: Duration.optional(),
  diversity: Diversity.optional(),
  /** What has to be shown about any service's release here, by ids. */
  requirements: z.array(Requirement).max(200).optional(),
  /** Changes of any service that ask for more eyes here. */
  risks: z.array(HighRisk).max(most).optional(),
  /** What has to be true besides, in CEL, of every service here. */
  rules: z.array(GateRule).max(most).optional(),
  /** People who have to sign what goes live here, whatever the service. */
  approvals: z.array(ApprovalDemand).max(16).optional(),
});
export type PolicyFloor = z.infer<typeof PolicyFloor>;

export const Environment = z.strictObject({
  apiVersion: z.literal(apiVersion),
  kind: z.literal("Environment"),
  metadata: Metadata,
  spec: z.strictObject({
    tier: Tier,
    target: TargetDeclaration.default({ type: "process" }),
    router: RouterDeclaration.default({ type: "none" }),
    floor: PolicyFloor.default({ gate: "baseline", checks: [], minimumSoak: 0, isolation: "none" }),
    /** Only promotions whose checks all serve this purpose run here. */
    dedicated: Purpose.optional(),
    /** What has to be stated about a release, and by whom, before this environment takes it. */
    requires: ReleaseRequirements.optional(),
    /** Whose word counts here on who pushed, merged and reviewed; without it nobody's. */
    reviews: ReviewHost.optional(),
    /** Which services may let promotions start here by themselves. Default: all, and none where users are (production). */
    autoPromotion: z.union([z.enum(["allowed", "forbidden"]), z.array(Name).max(1_000)]).optional(),
    ...calendarKeys,
    /** Whose reports and statements about findings count here beyond opening them; without it nobody's. */
    findings: FindingPolicy.optional(),
    /** Which risks people may accept here, and for how long; without it findings, for 90 days. */
    waivers: WaiverPolicy.optional(),
    /** What people may set aside in an emergency, and for how long; without it anything that can be, for 4 hours. */
    breakGlass: BreakGlassPolicy.optional(),
  }),
});
export type Environment = z.infer<typeof Environment>;

export const Document = z.discriminatedUnion("kind", [Pipeline, Environment]);
export type Document = z.infer<typeof Document>;
