import { z } from "zod";
import { Name } from "./primitives.ts";

/** Programs that prove who they are by their platform's signed word (OpenID Connect), instead of by a kept secret. */

export const Platform = z.enum(["github", "gitlab", "bitbucket", "kubernetes", "generic"]);
export type Platform = z.infer<typeof Platform>;

/** As tokens have it in `iss`: compared character by character, and where its keys are asked for. */
export const Issuer = z
  .string()
  .max(500)
  .regex(
    /^https?:\/\/[a-z0-9[]([A-Za-z0-9.:/_~%[\]-]*)$/,
    "write the issuer as its tokens have it in `iss`: https://…, without query and fragment",
  )
  .refine((text) => URL.canParse(text), "this is no address");

/** Of a platform's claim; inside Kubernetes' own object with dots: `serviceaccount.uid`. */
const ClaimName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/, "this is no claim's name");
const ClaimValue = z.string().min(1).max(500);

/** A public key as identity providers publish it (RFC 7517); what is private in it is refused, not dropped. */
export const PublicJwk = z
  .strictObject({
    kty: z.enum(["RSA", "EC", "OKP"]),
    kid: z.string().max(256).optional(),
    use: z.string().max(20).optional(),
    alg: z.string().max(20).optional(),
    key_ops: z.array(z.string().max(20)).max(10).optional(),
    n: z.string().max(1_500).optional(),
    e: z.string().max(20).optional(),
    crv: z.string().max(20).optional(),
    x: z.string().max(200).optional(),
    y: z.string().max(200).optional(),
  })
  .describe("a public key");
export type PublicJwk = z.infer<typeof PublicJwk>;

/** Seconds that clocks may differ. Milliseconds. */
export const clockSkewMs = 60_000;

/** Who gets a token of ours for a platform's, and which. Everything in it has to be so. */
export const WorkloadRule = z.strictObject({
  name: Name,
  platform: Platform,
  issuer: Issuer,
  /** Ours: never what a platform writes when nobody asked for anything. */
  audience: z.string().min(1).max(200),
  /** Each of these claims has one of its values, exactly; `*` at an end stands for anything, where the claim allows it. */
  claims: z.record(ClaimName, z.array(ClaimValue).min(1).max(20)),
  /** Whatever workflow of the place: else one has to be named. */
  anyWorkflow: z.boolean(),
  role: Name,
  /** Null: every one. */
  service: Name.nullable(),
  environment: Name.nullable(),
  /** How long what it gets counts. Milliseconds. */
  lastsMs: z.int().min(60_000).max(3_600_000),
  /** How old a platform's token may be. Milliseconds. */
  maxAgeMs: z.int().min(60_000).max(86_400_000),
  /** Keys of the issuer, given by hand; null: asked of the issuer. */
  jwks: z.array(PublicJwk).min(1).max(20).nullable(),
});
export type WorkloadRule = z.infer<typeof WorkloadRule>;

export const usualLastsMs = 15 * 60_000;
export const usualMaxAgeMs = 3_600_000;

/** Who got a token, as its records keep it. No person's name is among it. */
export const WorkloadIdentity = z.strictObject({
  platform: Platform,
  issuer: z.string(),
  subject: z.string(),
  /** Claims that stay with a repository, project or account, whatever it is renamed to. */
  ids: z.record(z.string(), z.string()),
  /** What else of its token is kept. */
  claims: z.record(z.string(), z.string()),
  runUrl: z.string().nullable(),
});
export type WorkloadIdentity = z.infer<typeof WorkloadIdentity>;
