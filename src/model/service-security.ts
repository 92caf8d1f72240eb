import { z } from "zod";
import { Severity } from "./observation.ts";
import { Name } from "./primitives.ts";

/**
 * Who answers for a service's security, how long its findings may stay, and where those that wait are written down. It
 * belongs to the server and its owners: no file of the service's repository says any of it.
 */

const days = z.int().positive().max(3_650).nullable();

/**
 * Days in which a finding is to be over, from its first sight; null: no clock runs. The defaults are DefectDojo's; what
 * is merely information has none.
 */
export const SlaDays = z.strictObject({
  critical: days.default(7),
  high: days.default(30),
  medium: days.default(90),
  low: days.default(120),
  info: days.default(null),
});
export type SlaDays = z.infer<typeof SlaDays>;

const Address = z.url({ protocol: /^https?$/ }).max(1_024);
/**
 * The name of a secret of the service in one environment (`tidelock secret set`); never a value. It begins with
 * `TRACKER_`, so that nobody can have another secret sent to an address of their choice.
 */
const Token = z.strictObject({
  environment: Name,
  secret: z
    .string()
    .regex(/^TRACKER_[A-Z0-9_]{1,100}$/, "expected a name that begins with TRACKER_"),
});
const shared = {
  /** Which findings wait in a tracker; what is worse is somebody's work today. */
  severities: z.array(Severity).min(1).default(["medium", "low"]),
};

export const TrackerSettings = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("github"),
    /** `https://api.github.com`, or an Enterprise server's `https://<host>/api/v3`. */
    url: Address.default("https://api.github.com"),
    /** `owner/name` */
    project: z.string().regex(/^[\w.-]{1,100}\/[\w.-]{1,100}$/, "expected owner/name"),
    token: Token,
    ...shared,
  }),
  z.strictObject({
    kind: z.literal("gitlab"),
    url: Address.default("https://gitlab.com"),
    /** `group/project`, or its number. */
    project: z.string().regex(/^[\w.-]{1,100}(\/[\w.-]{1,100}){0,20}$/, "expected group/project"),
    token: Token,
    ...shared,
  }),
  z.strictObject({
    kind: z.literal("jira"),
    /** `https://<site>.atlassian.net`, or a server's address. */
    url: Address,
    /** The project's key: `SEC`. */
    project: z.string().regex(/^[A-Z][A-Z0-9_]{0,49}$/, "expected a project's key, like SEC"),
    issueType: z.string().min(1).max(100).default("Task"),
    /** Account that the token belongs to, of Jira Cloud; without it the token is sent as a bearer. */
    user: z.string().min(1).max(200).optional(),
    token: Token,
    ...shared,
  }),
  z.strictObject({
    kind: z.literal("webhook"),
    url: Address,
    /** Signs each body: `X-Tidelock-Signature: sha256=<HMAC>`. */
    token: Token,
    ...shared,
  }),
]);
export type TrackerSettings = z.infer<typeof TrackerSettings>;

export const ServiceSecurity = z.strictObject({
  /** Who answers for its security: a name that people know. Empty: nobody is named. */
  owner: z.string().max(200).default(""),
  /** How to reach them. */
  contact: z.string().max(200).default(""),
  sla: SlaDays.prefault({}),
  tracker: TrackerSettings.nullable().default(null),
});
export type ServiceSecurity = z.infer<typeof ServiceSecurity>;
