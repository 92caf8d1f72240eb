import { z } from "zod";
import { scanThresholds } from "../../ports/check.ts";

const Path = z
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

/** Where a description of the API is: at a path of the service, or written down here. */
export const OpenApiSource = z.union([
  z.strictObject({ path: Path }),
  /** JSON or YAML. */
  z.strictObject({ document: z.string().max(1_000_000) }),
]);
export type OpenApiSource = z.infer<typeof OpenApiSource>;

export const DastConfiguration = z.strictObject({
  ...scanThresholds,
  /** `passive` sends only GET, nothing that a user might not send, slowly: for staging and the live colour. */
  mode: z.enum(["active", "passive"]).default("active"),
  through: z.enum(["instances", "route"]).default("instances"),
  /** The same seed sends the same requests to the same service. */
  seed: z.int().min(0).max(2_147_483_647).default(1),
  /** Where the crawl begins. */
  start: z.array(Path).min(1).max(100).default(["/"]),
  openapi: OpenApiSource.optional(),
  /** Two of them show who may see whose things; a third with the role `admin` shows what is only for admins. */
  identities: z.array(IdentityConfiguration).max(3).default([]),
  /** `changed`: only routes that are not in `baseline`, or differ from it. A list: only these. */
  routes: z
    .union([z.enum(["all", "changed"]), z.array(z.string().max(500)).max(500)])
    .default("all"),
  /** The API's description as the live release has it. */
  baseline: OpenApiSource.optional(),
  /** Never asked for: beginnings of paths, or `METHOD /template`. Signing out is always avoided. */
  avoid: z.array(z.string().min(1).max(500)).max(200).default([]),
  /** Templates of what everybody who is signed in may read, whoever made it. */
  shared: z.array(z.string().min(1).max(500)).max(200).default([]),
  /** Attack classes that are left out; the report names them. */
  skip: z.array(z.string().max(60)).max(40).default([]),
  /** Where our listener for server-side requests stands, as the service reaches it. `null`: none. */
  canary: z
    .strictObject({ address: z.string().max(200) })
    .nullable()
    .default({ address: "127.0.0.1" }),
  limits: z
    .strictObject({
      requests: z.int().min(1).max(1_000_000).default(30_000),
      requestsPerSecond: z.number().positive().max(5_000).default(200),
      pages: z.int().min(1).max(10_000).default(300),
      depth: z.int().min(1).max(50).default(8),
      /** Addresses that only differ in ids, or in values: so many of each kind are visited. */
      perTemplate: z.int().min(1).max(100).default(4),
      timeoutMs: z.int().min(100).max(120_000).default(10_000),
      bodyBytes: z.int().min(1_024).max(16_777_216).default(524_288),
      /** Wrong passwords that are tried before it is said that nothing stops them. */
      wrongPasswords: z.int().min(5).max(100).default(20),
    })
    .prefault({}),
  /** PEM certificates to trust besides the well-known ones. */
  ca: z.string().max(1_000_000).optional(),
});
export type DastConfiguration = z.infer<typeof DastConfiguration>;
