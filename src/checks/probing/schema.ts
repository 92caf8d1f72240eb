import { z } from "zod";
import type { CheckContext } from "../../ports/check.ts";
import { SecretName, secretOf } from "../secret-values.ts";

/** A path and query as they go out. */
export const Path = z
  .string()
  .max(2_000)
  .regex(/^\/[\x21-\x7e]*$/, "start with `/`, and percent-encode spaces");
const Name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/, "letters, digits, - and _");
const HeaderName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, "write a header name");
const HeaderValue = z
  .string()
  .max(8_192)
  .regex(/^[\t\x20-\x7e]*$/, "no control characters");
const Method = z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]);

/** How an identity proves itself. `{{username}}`, `{{password}}` and `{{email}}` stand for its own. */
export const Login = z.discriminatedUnion("kind", [
  /** Opens the page, fills its form in as a browser would, and sends it. */
  z.strictObject({
    kind: z.literal("form"),
    page: Path,
    fields: z.record(z.string().max(100), z.string().max(1_000)),
  }),
  z.strictObject({
    kind: z.literal("json"),
    path: Path,
    method: Method.default("POST"),
    body: z.record(z.string().max(100), z.json()),
    /** Where in the answer the token stands: `auth_token`, `data.token`. Without it, cookies are the session. */
    token: z.string().max(200).optional(),
    header: HeaderName.default("Authorization"),
    prefix: HeaderValue.default("Bearer "),
  }),
  z.strictObject({ kind: z.literal("headers"), headers: z.record(HeaderName, HeaderValue) }),
  z.strictObject({
    kind: z.literal("cookies"),
    cookies: z.record(
      HeaderName,
      z
        .string()
        .max(4_096)
        .regex(/^[\x21-\x3a\x3c-\x7e]*$/),
    ),
  }),
]);
export type Login = z.infer<typeof Login>;

export const IdentityConfiguration = z.strictObject({
  name: Name,
  /** An `admin` may do what a `user` must not. */
  role: z.enum(["user", "admin"]).default("user"),
  /** Those that are not given are made up, the same ones for the same seed: for use with `register`. */
  username: z.string().min(1).max(200).optional(),
  password: z.string().min(1).max(200).optional(),
  email: z.string().min(3).max(200).optional(),
  /** Makes the account first. "It exists already" is no mistake. */
  register: z
    .strictObject({
      path: Path,
      method: Method.default("POST"),
      encoding: z.enum(["json", "form"]).default("json"),
      body: z.record(z.string().max(100), z.json()),
    })
    .optional(),
  login: Login,
  /** How to see that it really is signed in: a stranger must not get this answer. */
  check: z.strictObject({
    path: Path,
    status: z.int().min(100).max(599).default(200),
    contains: z.string().min(1).max(500).optional(),
  }),
});
export type IdentityConfiguration = z.infer<typeof IdentityConfiguration>;

/**
 * The same as it is written down: the password may be the key of a secret, `{ secret: KEY }`. A token that is
 * one goes into `login.headers` or `login.cookies` as `{{password}}`.
 */
export const IdentitySource = IdentityConfiguration.extend({
  password: z.union([z.string().min(1).max(200), SecretName]).optional(),
});
export type IdentitySource = z.infer<typeof IdentitySource>;

/** Identities as they act: secrets are read here, at the run. Throws what `CheckContext.readSecret` throws. */
export async function resolveIdentities(
  context: Pick<CheckContext, "readSecret">,
  identities: readonly IdentitySource[],
): Promise<IdentityConfiguration[]> {
  const resolved: IdentityConfiguration[] = [];
  for (const { password, ...rest } of identities) {
    const own = password === undefined ? {} : { password: await secretOf(context, password) };
    resolved.push({ ...rest, ...own });
  }
  return resolved;
}

/** Where a description of the API is: at a path of the service, or written down here. */
export const OpenApiSource = z.union([
  z.strictObject({ path: Path }),
  /** JSON or YAML. */
  z.strictObject({ document: z.string().max(1_000_000) }),
]);
export type OpenApiSource = z.infer<typeof OpenApiSource>;
