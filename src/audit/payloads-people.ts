import { z } from "zod";
import { Digest } from "../model/primitives.ts";
import { Credential } from "../model/webauthn.ts";

/** What the verifier reads out of payloads about people: who they are, what they may, and who says so. Loose, as the others. */

/** `person.key-added`. */
export const PersonKeyed = z.object({
  key: z.string().optional(),
  person: z.string(),
  publicKey: z.string(),
  /** Of a passkey. */
  webauthn: z.object(Credential.shape).nullish(),
  /** It signs commits, and nothing else. */
  commits: z.boolean().optional(),
  removed: z.boolean().optional(),
});

/** `grant.added`, `grant.removed`. */
export const Granted = z.object({
  grant: z.string(),
  person: z.string(),
  right: z.string(),
  service: z.string().nullable(),
  environment: z.string().nullable(),
  removed: z.boolean(),
});
export type Granted = z.infer<typeof Granted>;

/** `passkey.added`. */
export const PasskeyAdded = z.object({ key: z.string(), credentialId: z.string() });

/** `person.linked`. */
export const Linked = z.object({ same: z.string(), person: z.string() });

/** `person.vouched`. */
export const Vouched = z.object({
  vouch: Digest,
  person: z.string(),
  /** Null: a provider of identities. */
  voucher: z.string().nullable(),
  issuer: z.string().nullish(),
  key: z.string().nullish(),
  acts: z.array(z.string()),
  /** Of a provider's. */
  facts: z
    .object({
      identity: z.string(),
      setting: z.string(),
      authTime: z.number(),
      key: z.string().nullable(),
      token: z.string(),
      acr: z.string().nullable(),
      amr: z.array(z.string()),
      at: z.string(),
      until: z.string(),
    })
    .nullish(),
});
export type Vouched = z.infer<typeof Vouched>;

/** `identity.linked`, `identity.unlinked`. */
export const IdentityLinked = z.object({
  id: z.string(),
  person: z.string(),
  issuer: z.string(),
  /** Absent: what links are taken away by may leave it out. */
  identity: z.string().nullish(),
  proposal: z.string().nullable(),
  removed: z.boolean(),
});

/** `provider.vouches`, `provider.vouches-no-more`; `person`: the provider, as an identity of its own. */
export const ProviderVouches = z.object({
  id: z.string(),
  person: z.string().startsWith("provider:"),
  administrators: z.array(z.string()),
  proposal: z.string().nullable(),
  removed: z.boolean(),
});

/** `person.standing-set`. */
export const StandingSet = z.object({
  person: z.string(),
  version: z.int(),
  state: z.enum(["active", "suspended", "left"]),
  from: z.string(),
});

/** `policy.proposed`, `policy.signed`, `policy.changed`, `policy.void`. */
export const PolicyAct = z.object({
  proposal: z.string(),
  /** Of what it says, as a blob. */
  content: Digest,
  /** Of a proposal: which kind of change. */
  change: z.string().optional(),
  /** Of a signature: whose. */
  person: z.string().optional(),
});

/** Of a proposal, as a blob. */
export const PolicyProposalBlob = z.object({
  proposed: z.looseObject({
    change: z.looseObject({ kind: z.string(), keys: z.array(z.string()).optional() }),
  }),
});
export type PolicyProposalBlob = z.infer<typeof PolicyProposalBlob>;

/** Of a signature under a proposal, as a blob. */
export const PolicySignatureBlob = z.object({
  person: z.string(),
  key: z.string(),
  /** Base64. */
  envelope: z.string(),
});

/** What a proposal brought about, as a blob: one of these. */
export const PolicyEffectBlob = z.object({
  key: z.string().optional(),
  grant: z.string().optional(),
  assignment: z.string().optional(),
});
export type PolicyEffectBlob = z.infer<typeof PolicyEffectBlob>;

/** `role.assigned`, `role.unassigned`. */
export const Assigned = z.object({
  assignment: z.string(),
  person: z.string().nullable(),
  token: z.string().nullable(),
  role: z.string(),
  service: z.string().nullable(),
  environment: z.string().nullable(),
  removed: z.boolean(),
});
export type Assigned = z.infer<typeof Assigned>;

/** `role.defined`. */
export const RoleDefined = z.object({ role: z.string(), permissions: z.array(z.string()) });

/** `token.created`, `token.revoked`. */
export const TokenMade = z.object({
  token: z.string(),
  name: z.string(),
  person: z.string().nullable(),
  role: z.string().nullable(),
  service: z.string().nullable(),
  environment: z.string().nullable(),
  expiresAt: z.string(),
  removed: z.boolean(),
});
export type TokenMade = z.infer<typeof TokenMade>;

/** `access.review-started`, `access.review-closed`. */
export const ReviewRecorded = z.object({
  review: z.string(),
  service: z.string().nullable(),
  due: z.string(),
  /** Of the lines, as a blob. */
  report: Digest,
  closed: z.string().nullable(),
});
export type ReviewRecorded = z.infer<typeof ReviewRecorded>;

/** `access.reviewed`. */
export const ReviewWord = z.object({
  /** Of what was signed, as a blob. */
  word: Digest,
  review: z.string(),
  reviewer: z.string(),
  key: z.string(),
  keep: z.int().nonnegative(),
  removed: z.array(z.string()),
  notRemoved: z.array(z.string()),
});
export type ReviewWord = z.infer<typeof ReviewWord>;

/** `waiver.…`: as it is from here on. */
export const WaiverRecorded = z.object({
  /** The number in `W-…`. */
  waiver: z.union([z.string(), z.number()]).transform(String),
  /** Of what two people sign, as a blob. */
  content: Digest,
  state: z.enum(["proposed", "in-force", "withdrawn", "ended"]),
  /** `envelope`: of the signature in base64, as a JSON text, which is a blob. */
  signatures: z.array(z.object({ person: z.string(), key: z.string(), envelope: Digest })),
});
export type WaiverRecorded = z.infer<typeof WaiverRecorded>;

/** Of `waiver.signed`, what its story needs. */
export const WaiverSigned = z.object({
  waiver: z.union([z.string(), z.number()]).transform(String),
  /** Null: of every release. */
  release: z.string().nullish(),
  signatures: z.array(z.object({ person: z.string() })),
});
