import { z } from "zod";
import { Name } from "./primitives.ts";
import type { SignedFacts } from "./provider-vouch.ts";
import { Issuer } from "./workload.ts";

/** Where people sign in at somebody else's (OpenID Connect). The server's owner says so, in a file beside it. */

const ClaimName = z.string().min(1).max(64);

/** What a group at the provider lets its members do here, while they are signed in by it. */
export const GroupRole = z.strictObject({
  group: z.string().min(1).max(200),
  role: Name,
  /** Absent or null: every one. */
  service: Name.nullable().default(null),
  environment: Name.nullable().default(null),
});
export type GroupRole = z.infer<typeof GroupRole>;

export const IdentityProvider = z
  .strictObject({
    /** In addresses and records. */
    id: Name,
    /** On the button. */
    name: z.string().trim().min(1).max(60),
    issuer: Issuer,
    clientId: z.string().min(1).max(300),
    /** A file with the client's secret, readable by this server alone; absent: a public client, by PKCE alone. */
    clientSecretFile: z.string().min(1).max(1_000).optional(),
    scopes: z
      .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/))
      .max(20)
      .default([]),
    /** By which the provider signs; anything else is refused. */
    algorithm: z.enum(["RS256", "PS256", "ES256", "ES384", "EdDSA"]).default("RS256"),
    /** Whether signing out here leads on to the provider, so that one is signed out there, too. */
    signOut: z.enum(["here", "there"]).default("here"),
    /** What the provider has to have looked at: one of these, of what it says (`acr`, `amr`). */
    demand: z
      .strictObject({
        acr: z.array(z.string().min(1).max(200)).min(1).max(20).optional(),
        amr: z.array(z.string().min(1).max(50)).min(1).max(20).optional(),
      })
      .optional(),
    /** Whoever signs in for the first time becomes a person here, under this claim's text, without any role. */
    newPeople: z.strictObject({ name: ClaimName }).optional(),
    groups: z
      .strictObject({
        claim: ClaimName.default("groups"),
        roles: z.array(GroupRole).min(1).max(200),
        /** Else no group makes administrators. */
        administrators: z.boolean().default(false),
      })
      .optional(),
  })
  .refine(
    ({ groups }) =>
      groups?.administrators === true ||
      groups?.roles.every(({ role }) => role !== "administrator") !== false,
    {
      path: ["groups"],
      message: "a group makes nobody administrator unless `administrators: true` says so",
    },
  );
export type IdentityProvider = z.infer<typeof IdentityProvider>;

export const IdentityProviders = z
  .strictObject({
    kind: z.literal("IdentityProviders"),
    /** This server as browsers see it: where providers send people back to, to the character. */
    publicUrl: z
      .url({ protocol: /^https?$/ })
      .refine(
        (text) => new URL(text).origin === text,
        "write scheme, host and port, and nothing behind it",
      ),
    providers: z.array(IdentityProvider).min(1).max(20),
  })
  .refine(({ providers }) => new Set(providers.map(({ id }) => id)).size === providers.length, {
    path: ["providers"],
    message: "two providers have the same id",
  });
export type IdentityProviders = z.infer<typeof IdentityProviders>;

/** What a provider said of a sign-in, as the session keeps it. */
export interface ProviderWord {
  readonly provider: string;
  readonly acr: string | null;
  readonly amr: readonly string[];
  /** Its own session, by which it says when that has ended; absent: it does not tell. */
  readonly sid?: string;
  /** What of it a word for somebody could rest on; absent: it does not say when it asked. */
  readonly signed?: SignedFacts;
  /** By groups, for as long as the session lasts. */
  readonly roles: readonly Omit<GroupRole, "group">[];
}

export const signInProvidersPath = "/api/v1/sign-in/providers";
export const signInStartPath = "/api/v1/sign-in/oidc/:provider";
export const signInReturnPath = "/api/v1/sign-in/oidc/:provider/return";
/** Where a provider says that somebody has signed out there. */
export const signInLogoutPath = "/api/v1/sign-in/oidc/:provider/logout";
