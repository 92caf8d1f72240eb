import type { Decision, Grades } from "../model/decision.ts";
import type { GatePreset, IsolationGrade } from "../model/pipeline.ts";
import type { Digest } from "../model/primitives.ts";
import type { GlassInput, OwedReview } from "../identity/break-glass/given.ts";
import { bindingsGround, type TestBindings } from "./binding-gaps.ts";
import { reviewGrounds, withGlass } from "./break-glass.ts";
import { decide, type Decided, type Ground, ground } from "./decide.ts";
import { governanceGround, isolationGround } from "./grades.ts";
import { type LedgerSays, ledgerGrounds } from "./ledger-says.ts";
import { droppedGrounds, type Predecessor, predecessorGround } from "./predecessors.ts";
import { type ScheduleSays, scheduleGrounds } from "./schedule.ts";
import { type StopSays, stopGrounds } from "./stops.ts";
import { type Requirement, requirementGrounds } from "./requirements.ts";

/** What is looked at before anything is deployed. */
export interface AdmissionInput {
  /** A rollback returns to what was live already: neither predecessors nor soak are asked (law 9). */
  readonly kind: "promotion" | "rollback";
  readonly service: string;
  readonly environment: string;
  readonly release: Digest;
  readonly configuration: Digest;
  /** Digest of the policy that this is decided under; absent in what was kept before it was said. */
  readonly policy?: Digest | undefined;
  /** RFC 3339, by the database's clock. */
  readonly now: string;
  readonly preset: GatePreset;
  readonly minimumIsolation: IsolationGrade;
  /** `identity` is `none` here: nothing runs yet. */
  readonly grades: Grades;
  /** Whether the bytes of each artifact are in the store and have their digest, read again now. */
  readonly artifacts: readonly {
    readonly name: string;
    readonly digest: Digest;
    readonly state: "verified" | "missing" | "mismatch";
  }[];
  /** Keys that release or pipeline need, and keys that the configuration has (values and secrets). */
  readonly keys: { readonly needed: readonly string[]; readonly given: readonly string[] };
  /** What is wrong with a reference to a secret (nobody has set it, no such provider), or null. */
  readonly unresolved: string | null;
  /** What intrusive checks would find of the live side on the colour under test; absent where none is demanded. */
  readonly testBindings?: TestBindings | undefined;
  readonly predecessors: readonly Predecessor[];
  /** Environments that were demanded before it when what is live came here, and are not any more; absent: none. */
  readonly dropped?: readonly string[] | undefined;
  /** One answer for each thing that the environment's owners demand to be stated about the release. */
  readonly requirements: readonly Requirement[];
  /** What windows and freezes say; absent: nobody has declared any. */
  readonly schedule?: ScheduleSays | undefined;
  /** Lines that are stopped here, and bans of what the release is made of; absent: none. */
  readonly stops?: readonly StopSays[] | undefined;
  /** What people set aside for exactly this in an emergency; absent: nobody did. */
  readonly glass?: GlassInput | undefined;
  /** What was set aside here before and nobody has reviewed; absent: nothing. */
  readonly reviews?: readonly OwedReview[] | undefined;
  /** What is live now; promoting the same deployment again is allowed and said. */
  readonly live: { readonly release: Digest; readonly configuration: Digest } | null;
  /** What holding all this against the ledger gave; null: it was not held against it (a preview). */
  readonly ledger: readonly LedgerSays[] | null;
}

/**
 * Whether a promotion may start. `wait` is answered for a soak that is running and for a closed window, with the end in
 * `until`, and for a stopped line, which a person ends. Pure and total.
 */
export function evaluateAdmission(input: AdmissionInput): Decision {
  return decideAdmission(input).decision;
}

/** The same with what it follows from. */
export function decideAdmission(input: AdmissionInput): Decided {
  const returning = input.kind === "rollback";
  const mode = input.grades.governance;
  const glass = returning ? undefined : input.glass;
  const context = { now: input.now, mode, admission: true };
  const { grounds, mark } = withGlass(admissionGrounds(input), glass, context);
  return decide(grounds, input.grades, { ...input, kind: "admission", of: input.kind }, mark);
}

/** What each part says. */
export function admissionGrounds(input: AdmissionInput): readonly Ground[] {
  const predecessors = input.kind === "rollback" ? [] : input.predecessors;
  const passing = { returning: input.kind === "rollback", underWay: false };
  return [
    ...artifactGrounds(input.artifacts),
    ...requirementGrounds(input.requirements),
    keysGround(input.keys),
    ...(input.unresolved === null ? [] : [ground("deny", "secret", input.unresolved)]),
    ...(input.testBindings ? bindingsGround(input.preset, input.testBindings) : []),
    isolationGround(input.preset, input.minimumIsolation, input.grades.isolation),
    governanceGround(input.grades.governance),
    ...predecessors.map((predecessor) => predecessorGround(predecessor, input.now)),
    ...droppedGrounds(input.dropped),
    ...scheduleGrounds(input.schedule, passing),
    ...stopGrounds(input.stops, passing),
    ...reviewGrounds(input.reviews, passing),
    ...sameGround(input),
    ...ledgerGrounds(input.ledger),
  ];
}

function artifactGrounds(artifacts: AdmissionInput["artifacts"]): Ground[] {
  if (artifacts.length === 0) {
    return [ground("deny", "artifact", "the release has no artifact")];
  }
  return artifacts.map(({ name, digest, state }) => {
    const short = digest.slice(0, "sha256:".length + 12);
    if (state === "verified") return ground("allow", "artifact", `artifact ${name} is ${short}`);
    const what =
      state === "missing" ? "is not in the store" : "has other bytes than its digest says";
    return ground(
      "deny",
      "artifact",
      `artifact ${name} (${short}) ${what}; create the release again`,
    );
  });
}

function keysGround({ needed, given }: AdmissionInput["keys"]): Ground {
  const missing = [...new Set(needed)].filter((key) => !given.includes(key)).sort();
  if (missing.length === 0) {
    return ground(
      "allow",
      "configuration",
      "the configuration has every key that the release needs",
    );
  }
  const message = `the configuration lacks ${missing.join(", ")}; set them with \`tidelock config\` or \`tidelock secret\``;
  return ground("deny", "configuration", message);
}

function sameGround({ live, release, configuration }: AdmissionInput): Ground[] {
  const same = live?.release === release && live.configuration === configuration;
  return same
    ? [ground("allow", "same", "this release with this configuration is live already")]
    : [];
}
