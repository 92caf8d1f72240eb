import { z } from "zod";
import { scanThresholds } from "../../ports/check.ts";
import { SecretName } from "../secret-values.ts";
import { packNames } from "./pack-names.ts";

export const Path = z
  .string()
  .max(8_192)
  .regex(/^\/[\x21-\x7e]*$/, "start with `/`, and percent-encode spaces");
const Name = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,39}$/, "letters, digits, - and _");
const HeaderName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, "write a header name");
const Method = z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]);
const Tag = z.string().regex(/^@[\w.-]{1,100}$/, "write a tag like `@slow`");
const Program = z.string().regex(/^[A-Za-z0-9][\w.+-]{0,63}$/, "write a program's name, no path");
const Text = z.string().max(8_192);

/** A value as it stands, or the key of a secret that a colour under test is given. */
export const Value = z.union([Text, SecretName]);
export type Value = z.infer<typeof Value>;

/** Most bytes of one feature file. */
export const maxSpecBytes = 256 * 1024;

/** Whose words the specification is: ours, the pipeline's (or floor's) own, or the release's. */
export const SpecSource = z.union([
  z.strictObject({ pack: z.enum(packNames) }),
  z.strictObject({
    name: z.string().regex(/^[\w./-]{1,200}$/),
    text: z.string().min(1).max(maxSpecBytes),
  }),
  z
    .strictObject({
      /** A path, or a glob, in the release's tree. */
      tree: z.string().min(1).max(500),
      /** Of exactly that file: the release cannot change what it is tested by. */
      sha256: z
        .string()
        .regex(/^[0-9a-f]{64}$/)
        .optional(),
    })
    .refine(({ tree, sha256 }) => sha256 === undefined || !/[*?[{]/.test(tree), {
      message: "a digest belongs to one file, so name it without wildcards",
      path: ["tree"],
    }),
]);
export type SpecSource = z.infer<typeof SpecSource>;

const Fields = z.record(z.string().min(1).max(100), z.json());
/** What is sent: fields as a form, or as JSON. */
const Sent = { form: Fields.optional(), json: Fields.optional() };

export const Identity = z.strictObject({
  name: Name,
  username: z.string().min(1).max(200).optional(),
  password: Value.optional(),
  /** Makes the account first; whoever is there already is no mistake. */
  register: z.strictObject({ path: Path, method: Method.default("POST"), ...Sent }).optional(),
});
export type Identity = z.infer<typeof Identity>;

/** How the service signs people in and out, for the steps about sessions and the supplied specifications. */
export const App = z.strictObject({
  login: z
    .strictObject({
      path: Path,
      method: Method.default("POST"),
      ...Sent,
      /** Asked for first; the hidden fields of its form are sent along. */
      page: Path.optional(),
      /** Where in the answer the token stands: `data.token`. Without it, cookies are the session. */
      token: z.string().max(200).optional(),
      header: HeaderName.default("Authorization"),
      prefix: z.string().max(40).default("Bearer "),
    })
    .optional(),
  /** What only somebody who is signed in is shown. */
  protected: z.strictObject({ path: Path, contains: z.string().max(500).optional() }).optional(),
  logout: z
    .strictObject({ path: Path, method: Method.default("POST"), form: Fields.optional() })
    .optional(),
  /** A write of somebody who is signed in, by cookie; another site must not be able to send it. */
  write: z
    .strictObject({
      path: Path,
      method: Method.default("POST"),
      ...Sent,
      /** The page with its form, whose hidden fields are sent along. */
      page: Path.optional(),
      /** A cookie that an own page's script sends back in a header. */
      echo: z.strictObject({ cookie: HeaderName, header: HeaderName }).optional(),
    })
    .optional(),
  /** Wrong passwords after which something has to stop whoever guesses. */
  attempts: z.int().min(3).max(100).default(20),
  /** After so long without a request a session has to be over. */
  idleSeconds: z.int().min(1).max(120).optional(),
  /** Where the public keys of its tokens stand. */
  jwks: Path.optional(),
});
export type App = z.infer<typeof App>;

export const AttackSpecsConfiguration = z.strictObject({
  ...scanThresholds,
  specs: z.array(SpecSource).min(1).max(50),
  /** `passive`: a run that would do more than read is refused before its first request. */
  touch: z.enum(["intrusive", "passive"]).default("intrusive"),
  through: z.enum(["instances", "route"]).default("instances"),
  /** Only scenarios with one of these tags; and none with one of those. */
  only: z.array(Tag).max(50).default([]),
  except: z.array(Tag).max(50).default([]),
  /** `{{name}}` in steps, `<name>` in commands; stands above what a profile in the file says. */
  values: z.record(Name, Value).default({}),
  identities: z.array(Identity).max(8).default([]),
  app: App.prefault({}),
  /** Programs that a scenario may start. */
  tools: z.array(Program).max(20).default([]),
  limits: z
    .strictObject({
      requests: z.int().min(1).max(100_000).default(5_000),
      scenarios: z.int().min(1).max(2_000).default(500),
      timeoutMs: z.int().min(1).max(120_000).default(10_000),
      toolMs: z.int().min(100).max(3_600_000).default(120_000),
      bodyBytes: z
        .int()
        .min(1_024)
        .max(16 * 1024 * 1024)
        .default(1024 * 1024),
    })
    .prefault({}),
  /** PEM certificates to trust besides the well-known ones. */
  ca: z.string().max(1_000_000).optional(),
});
export type AttackSpecsConfiguration = z.infer<typeof AttackSpecsConfiguration>;
