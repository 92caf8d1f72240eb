import { z } from "zod";

/** Every rule of the pack, with what it costs when nothing else is said. */
export const defaultSeverities = {
  /** Answers at all, and not with a server error. */
  reachable: "fail",
  /** TLS 1.2 or newer, a trusted certificate that is valid for two more weeks. */
  tls: "fail",
  /** Strict-Transport-Security over TLS (RFC 6797). */
  hsts: "warn",
  /** X-Content-Type-Options: nosniff. */
  "content-type-options": "warn",
  /** A Content-Security-Policy on pages. */
  "content-security-policy": "warn",
  /** frame-ancestors, or X-Frame-Options, on pages. */
  framing: "warn",
  "referrer-policy": "warn",
  /** No program version in Server, X-Powered-By and the like. */
  "version-leak": "warn",
  /** Set-Cookie with HttpOnly and SameSite, and Secure over TLS. */
  cookies: "warn",
  /** No generated index of a folder. */
  "directory-listing": "fail",
  /** No .git, .env and other things that are not for users. */
  "exposed-files": "fail",
  /** TRACE does not echo (CWE-693, cross-site tracing). */
  trace: "fail",
  /** No stack trace in an error page (CWE-209), and no crash on an odd address. */
  "error-page": "fail",
} as const satisfies Record<string, "fail" | "warn">;

export const RuleId = z.enum(Object.keys(defaultSeverities) as (keyof typeof defaultSeverities)[]);
export type RuleId = z.infer<typeof RuleId>;

export const Severity = z.enum(["fail", "warn", "off"]);
export type Severity = z.infer<typeof Severity>;

export const SmokeConfiguration = z.strictObject({
  through: z.enum(["instances", "route"]).default("instances"),
  /** The page that is looked at. */
  path: z
    .string()
    .max(8_192)
    .regex(/^\/[\x21-\x7e]*$/, "start with `/`")
    .default("/"),
  /** Rule to what a violation is: `fail`, `warn` or `off`. */
  severity: z.partialRecord(RuleId, Severity).default({}),
  /** Further addresses that must not be served (anything but 4xx is a violation). */
  hidden: z
    .array(
      z
        .string()
        .max(1_000)
        .regex(/^\/[\x21-\x7e]*$/, "start with `/`"),
    )
    .max(50)
    .default([]),
  timeoutMs: z.int().min(1).max(600_000).default(10_000),
  /** PEM certificates to trust besides the well-known ones. */
  ca: z.string().max(1_000_000).optional(),
});
export type SmokeConfiguration = z.infer<typeof SmokeConfiguration>;
