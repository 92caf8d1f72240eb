import { z } from "zod";
import { Severity } from "./observation.ts";
import { Digest, Duration, Name } from "./primitives.ts";
import { Verdict } from "./verdict.ts";

/**
 * What people are asked to approve, and what they sign. A request is about exactly one content: whatever of it becomes
 * another is a new request.
 */

/** The right of a person to approve as a role: `approve:sre`. */
export function approveRight(role: string): string {
  return `approve:${role}`;
}

/** After this long a signature counts no more where nobody says how long it does. Milliseconds. */
const usualLifeMs = 86_400_000;

/** One line of `approvals:` in a pipeline's environment or in an environment's floor. */
export const ApprovalDemand = z
  .strictObject({
    /** Who is asked. */
    role: Name.optional(),
    /** Or: whoever has one of these. */
    anyOf: z.array(Name).min(2).max(16).optional(),
    /** How many different people. */
    count: z.int().min(1).max(16).default(1),
    /** A signature counts only this long after people were asked: time to object. */
    notBefore: Duration.optional(),
    /** Only passkeys count that cannot be copied to another device, as far as their authenticator says so. */
    deviceBound: z.boolean().optional(),
    /** How long a signature counts. */
    expires: Duration.refine((ms) => ms >= 60_000, "at least a minute").default(usualLifeMs),
  })
  .refine(({ role, anyOf }) => (role === undefined) !== (anyOf === undefined), {
    message: "say either role or anyOf",
  });
export type ApprovalDemand = z.infer<typeof ApprovalDemand>;

/** The same as a plan has it, and as it is signed. */
export const AskedApproval = z.strictObject({
  /** Sorted, each once. */
  roles: z.array(Name).min(1).max(16),
  count: z.int().min(1).max(16),
  notBeforeMs: z.int().nonnegative(),
  expiresMs: z.int().positive(),
  /** Absent: any key that counts. */
  deviceBound: z.literal(true).optional(),
});
export type AskedApproval = z.infer<typeof AskedApproval>;

/** What is open of the release, as gates count it. What people accepted (waived) is not in it. */
export const BasisFinding = z.strictObject({
  id: z.string().max(64),
  severity: Severity,
  rule: z.string().max(512),
  /** Null: no list of what is exploited is here. */
  exploited: z.boolean().nullable(),
});
export type BasisFinding = z.infer<typeof BasisFinding>;

/** The verdicts and findings that a signature leans on; its digest is signed. */
export const ApprovalBasis = z.strictObject({
  /** By name. `accepted`: people accepted that verdict (a waiver). */
  checks: z.array(
    z.strictObject({
      check: z.string().max(128),
      verdict: z.union([Verdict, z.literal("pending")]),
      accepted: z.boolean(),
    }),
  ),
  /** By id; null: it cannot be known. */
  findings: z.array(BasisFinding).nullable(),
});
export type ApprovalBasis = z.infer<typeof ApprovalBasis>;

/** All that a request is about; whatever differs is about something else. */
export const ApprovalAsked = z.strictObject({
  /** Single use: made when people were asked. */
  request: z.string().regex(/^[0-9a-f]{32}$/),
  /** Of the log in which it counts. */
  ledger: z.string().min(1).max(512),
  service: Name,
  environment: Name,
  promotion: z.string().min(1).max(64),
  version: z.string().max(256),
  release: Digest,
  configuration: Digest,
  plan: Digest,
  /** As it is registered when people are asked. */
  policy: Digest,
  /** Of the canonical JSON of the `ApprovalBasis`. */
  decision: Digest,
  asks: z.array(AskedApproval).min(1).max(64),
});
export type ApprovalAsked = z.infer<typeof ApprovalAsked>;

/** No control characters but line breaks: it is shown in terminals before it is signed. */
const words = z
  .string()
  .max(2_000)
  .regex(/^(?:[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|\n)*$/u, "no control characters but line breaks");

/** What a person says to it. */
export const ApprovalAnswer = z
  .strictObject({
    purpose: z.enum(["approve", "reject"]),
    /** By pseudonym. */
    person: z.string().regex(/^person:[0-9a-f]{32}$/),
    /** As whom: the person holds `approve:<role>` there. */
    role: Name,
    /** Why; asked of whoever rejects. */
    reason: words,
    /** It counts from then on; null: at once. */
    notBefore: z.iso.datetime().nullable(),
    /** And until then; null: as long as the policy lets it. */
    expires: z.iso.datetime().nullable(),
  })
  .refine(({ purpose, reason }) => purpose === "approve" || reason.trim() !== "", {
    message: "say why you reject it",
  });
export type ApprovalAnswer = z.infer<typeof ApprovalAnswer>;

/** How a signature was made. */
export const ApprovalMethod = z.enum(["key", "webauthn"]);
export type ApprovalMethod = z.infer<typeof ApprovalMethod>;

/**
 * Both lists together, each role once: whoever asks for more people, a longer wait, a shorter life or keys of one device wins, so that a
 * pipeline can only tighten what the floor demands. Undefined: nobody is asked.
 */
export function strictestApprovals(
  ...lists: readonly (readonly ApprovalDemand[] | undefined)[]
): readonly AskedApproval[] | undefined {
  const asked = new Map<string, AskedApproval>();
  for (const demand of lists.flatMap((list) => list ?? [])) {
    const roles = [...new Set(demand.anyOf ?? [demand.role ?? ""])].sort();
    const key = roles.join(" ");
    const same = asked.get(key);
    asked.set(key, {
      roles,
      count: Math.max(demand.count, same?.count ?? 1),
      notBeforeMs: Math.max(demand.notBefore ?? 0, same?.notBeforeMs ?? 0),
      expiresMs: Math.min(demand.expires, same?.expiresMs ?? demand.expires),
      ...(demand.deviceBound === true || same?.deviceBound === true ? { deviceBound: true } : {}),
    });
  }
  return asked.size === 0 ? undefined : [...asked.values()];
}
