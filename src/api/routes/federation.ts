import { z } from "zod";
import { at, everything, found, listed } from "../../model/permissions.ts";
import { Name } from "../../model/primitives.ts";
import { WorkloadRule } from "../../model/workload.ts";
import { VouchDemand, VouchingWish } from "../../model/provider-vouch.ts";
import { SponsorsView } from "./people.ts";
import { PersonName } from "./manual.ts";

/** Calls about whom other platforms vouch for. */

const list = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) });
const Time = z.iso.datetime();

export const WorkloadRuleView = WorkloadRule.extend({
  id: z.string(),
  addedAt: Time,
  addedBy: z.string(),
  /** To the hour, of any of its tokens; null: never. */
  lastUsedAt: Time.nullable(),
  /** How many tokens it has given, and how many of them count now. */
  given: z.int().nonnegative(),
  valid: z.int().nonnegative(),
  /** Proposal that two people have to sign before it counts (team mode). */
  waitsFor: z.string().optional(),
});
export type WorkloadRuleView = z.infer<typeof WorkloadRuleView>;

/** What a rule says of a token. */
export const WorkloadTestView = z.object({
  id: z.string(),
  name: z.string(),
  service: z.string().nullable(),
  environment: z.string().nullable(),
  letsIn: z.boolean(),
  /** What differs, in sentences; none: it lets this token in. */
  why: z.array(z.string()),
});
export type WorkloadTestView = z.infer<typeof WorkloadTestView>;

/** A platform's token for one of ours. Open to everybody: the token itself says who asks. */
export const workloadTokenPath = "/api/v1/workload/token";

const PlatformToken = z.string().min(1).max(20_000);

export const WorkloadExchange = z.strictObject({
  /** What the platform gave: a signed JWT. */
  token: PlatformToken,
  /** By name, where several let it in. */
  rule: Name.optional(),
});
export type WorkloadExchange = z.infer<typeof WorkloadExchange>;

export const WorkloadTokenView = z.object({
  token: z.string(),
  id: z.string(),
  rule: z.string(),
  role: z.string(),
  service: z.string().nullable(),
  environment: z.string().nullable(),
  expiresAt: Time,
});
export type WorkloadTokenView = z.infer<typeof WorkloadTokenView>;

export const IdentityView = z.object({
  id: z.string(),
  /** Pseudonym. */
  person: z.string(),
  /** Null: erased. */
  name: z.string().nullable(),
  issuer: z.string(),
  addedAt: Time,
  addedBy: z.string(),
  /** Proposal that two people have to sign before it is asked for again (team mode). */
  waitsFor: z.string().optional(),
});
export type IdentityView = z.infer<typeof IdentityView>;

export const VouchingProviderView = z.object({
  id: z.string(),
  issuer: z.string(),
  demand: VouchDemand,
  /** Who stands behind its words besides whoever let it vouch; by name. */
  administrators: z.array(z.string()),
  days: z.int(),
  addedAt: Time,
  addedBy: z.string(),
  /** Proposal that two people have to sign before it is asked for again (team mode). */
  waitsFor: z.string().optional(),
});
export type VouchingProviderView = z.infer<typeof VouchingProviderView>;

/** What others made for whoever asks. */
export type OwnSponsorsView = SponsorsView;

const ofOneself = "whoever is signed in, about themselves";

export const federationRoutes = {
  vouchingProviderList: {
    method: "GET",
    path: "/api/v1/people/vouching-providers",
    permission: "person.read",
    resource: everything,
    response: list(VouchingProviderView),
  },
  /** Whoever says so stands behind each word of the provider's. */
  vouchingProviderAdd: {
    method: "POST",
    path: "/api/v1/people/vouching-providers",
    permission: "account.write",
    resource: everything,
    body: VouchingWish,
    response: VouchingProviderView,
  },
  vouchingProviderRemove: {
    method: "DELETE",
    path: "/api/v1/people/vouching-providers/:id",
    permission: "account.write",
    resource: everything,
    params: z.object({ id: z.string().min(1).max(64) }),
    response: VouchingProviderView,
  },
  /** What others made for oneself. */
  ownSponsors: {
    method: "GET",
    path: "/api/v1/account/sponsors",
    own: ofOneself,
    response: SponsorsView,
  },
  /** These are mine: by the provider at which one has just signed in. */
  ownVouch: {
    method: "POST",
    path: "/api/v1/account/sponsors",
    own: ofOneself,
    body: z.strictObject({ acts: z.array(z.string().min(1).max(1_024)).min(1).max(1_000) }),
    response: SponsorsView,
  },
  identityList: {
    method: "GET",
    path: "/api/v1/people/identities",
    permission: "person.read",
    resource: everything,
    query: z.object({ name: PersonName.optional() }),
    response: list(IdentityView),
  },
  /** Whoever signs in as this at that provider is this person from here on. */
  identityLink: {
    method: "POST",
    path: "/api/v1/people/identities",
    permission: "account.write",
    resource: everything,
    body: z.strictObject({
      name: PersonName,
      /** By the id that the server's file gives it. */
      provider: Name,
      /** As the provider calls them in `sub`: never an address. */
      subject: z.string().min(1).max(255),
    }),
    response: IdentityView,
  },
  identityUnlink: {
    method: "DELETE",
    path: "/api/v1/people/identities/:id",
    permission: "account.write",
    resource: everything,
    params: z.object({ id: z.string().min(1).max(64) }),
    response: IdentityView,
  },

  workloadRuleList: {
    method: "GET",
    path: "/api/v1/workload/rules",
    permission: "role.read",
    resource: listed(),
    response: list(WorkloadRuleView),
  },
  workloadRuleAdd: {
    method: "POST",
    path: "/api/v1/workload/rules",
    permission: "role.assign",
    resource: at("body.service", "body.environment"),
    body: WorkloadRule,
    response: WorkloadRuleView,
  },
  /** The tokens that it gave end with it. */
  workloadRuleRemove: {
    method: "DELETE",
    path: "/api/v1/workload/rules/:rule",
    permission: "role.assign",
    resource: found("workload-rule", "params.rule"),
    params: z.object({ rule: z.string().min(1).max(64) }),
    response: WorkloadRuleView,
  },
  /** What each rule says of a token; it is not used by that. */
  workloadRuleTest: {
    method: "POST",
    path: "/api/v1/workload/rules/test",
    permission: "role.read",
    resource: listed(),
    body: z.strictObject({ token: PlatformToken }),
    response: list(WorkloadTestView),
  },
} as const;
