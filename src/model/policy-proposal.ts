import { z } from "zod";
import { Digest, Name } from "./primitives.ts";
import { WorkloadRule } from "./workload.ts";

/** How policy is changed: by whoever may apply a document, or by two people who sign. */
export const GovernanceMode = z.enum(["solo", "team"]);
export type GovernanceMode = z.infer<typeof GovernanceMode>;

/** The right to sign changes of policy, in an environment or everywhere. */
export const policyRight = "policy.change";

/** After this long a proposal has to be made anew: what its replay says is old by then. Milliseconds. */
export const proposalLastsMs = 7 * 86_400_000;

/** How far back a proposal's replay looks. Milliseconds. */
export const replayedMs = 90 * 86_400_000;

const Line = z.string().max(1_000);
const Time = z.iso.datetime();

/** One document as it is and as it would be. */
export const ProposedDocument = z.strictObject({
  kind: z.enum(["Pipeline", "Environment"]),
  name: Name,
  /** Null: it is new. */
  before: Digest.nullable(),
  after: Digest,
});
export type ProposedDocument = z.infer<typeof ProposedDocument>;

/** What is proposed. */
export const PolicyChange = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("documents"),
    documents: z.array(ProposedDocument).min(1).max(200),
    /** What would be otherwise, in words. */
    changes: z.array(Line).max(200),
    /** What past decisions would have been. */
    replay: z.strictObject({
      since: Time,
      /** Of the canonical JSON of the decisions that would have differed. */
      digest: Digest,
      text: Line,
    }),
  }),
  /** Back to one person's word. */
  z.strictObject({ kind: z.literal("governance"), to: z.literal("solo") }),
  /** One more person who may sign, or whose word counts otherwise. */
  z.strictObject({
    kind: z.literal("grant"),
    person: z.string().max(64),
    /** Absent: the right to sign changes of policy. */
    right: z.string().max(128).optional(),
    /** Whose signatures count as this person's when it takes effect: exactly these. */
    keys: z.array(Digest).max(64),
    service: Name.nullable(),
    environment: Name.nullable(),
  }),
  /** What would let somebody act as this person: whoever asks for it does it when it was signed, once. */
  z.strictObject({
    kind: z.literal("enrolment"),
    act: z.enum(["invitation", "reset", "passkey", "identity", "return", "provider"]),
    /** Pseudonym, or a provider that may vouch. */
    person: z.string().max(600),
    /** Of what exactly, without anybody's name: the id of a passkey, a provider and a subject's digest. */
    of: z.string().max(4_000),
  }),
  /** A role for a person or a machine's token. */
  z.strictObject({
    kind: z.literal("role"),
    person: z.string().max(64).nullable(),
    token: z.string().max(64).nullable(),
    role: Name,
    /** What it holds when it takes effect: exactly these. */
    permissions: z.array(z.string().max(64)).max(200),
    service: Name.nullable(),
    environment: Name.nullable(),
  }),
  /** What a role holds from here on, for everybody who has it. */
  z.strictObject({
    kind: z.literal("role-definition"),
    role: Name,
    says: Line,
    permissions: z.array(z.string().max(64)).max(200),
  }),
  /** Programs that another platform vouches for, and what they get here. */
  z.strictObject({
    kind: z.literal("workload-rule"),
    rule: WorkloadRule,
    /** What its role holds when it takes effect: exactly these. */
    permissions: z.array(z.string().max(64)).max(200),
  }),
  /** One more key of a person who may sign, or whose word counts otherwise. */
  z.strictObject({
    kind: z.literal("key"),
    person: z.string().max(64),
    /** What the person may do; absent: sign changes of policy. */
    rights: z.array(z.string().max(128)).max(100).optional(),
    key: Digest,
    publicKey: z.string().max(16_000),
    /** It signs commits, and nothing else: everybody has to be told apart by those. */
    commits: z.literal(true).optional(),
  }),
]);
export type PolicyChange = z.infer<typeof PolicyChange>;

/** What two people sign; whatever differs makes it about something else. */
export const PolicyProposed = z.strictObject({
  /** Single use: made when it was proposed. */
  proposal: z.string().min(1).max(64),
  /** Of the log in which it counts. */
  ledger: z.string().min(1).max(512),
  change: PolicyChange,
  until: Time,
});
export type PolicyProposed = z.infer<typeof PolicyProposed>;
