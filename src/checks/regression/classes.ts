import { z } from "zod";

/** Every kind of difference between what is live and what is to become it, with what it is worth by default. */
export const classes = {
  /** No whole answer where the live colour gives one: refused, reset, too slow, no valid HTTP. */
  "no-answer": "fail",
  /** An error (400 and above) instead of an answer, or a server error instead of a refusal. */
  "status-worse": "fail",
  /** 404 or 410 instead of an answer. Only a warning for a page that the crawl found: its data may be the live side's. */
  gone: "fail",
  /** An answer where the live colour says 401 or 403. */
  "access-opened": "fail",
  /** Another status of the same sort. */
  status: "warn",
  "security-header-lost": "fail",
  /** `unsafe-inline`, `unsafe-eval` or `*` came into the policy, or HSTS lasts less long. */
  "security-header-weaker": "fail",
  "security-header-changed": "warn",
  "security-header-added": "off",
  /** Other sites may read more than before (Access-Control-Allow-*). */
  "cors-opened": "fail",
  "cors-changed": "warn",
  /** A cookie lost HttpOnly, Secure or SameSite, or SameSite got weaker. */
  "cookie-weaker": "fail",
  "cookie-gone": "warn",
  "cookie-added": "warn",
  /** Caches may keep what they were told not to. */
  "caching-opened": "fail",
  "caching-changed": "warn",
  "content-type": "fail",
  "redirect-elsewhere": "fail",
  redirect: "warn",
  /** The body is no JSON any more. */
  "json-broken": "fail",
  "field-gone": "fail",
  "field-type": "fail",
  "field-added": "off",
  /** One whose name says that it is not for everybody. */
  "sensitive-field-added": "warn",
  value: "warn",
  text: "warn",
  /** Less than half as long, or more than twice. */
  size: "warn",
  /** A request that writes was answered otherwise than declared. */
  write: "fail",
} as const satisfies Record<string, "fail" | "warn" | "off">;

export const DifferenceClass = z.enum(Object.keys(classes) as (keyof typeof classes)[]);
export type DifferenceClass = z.infer<typeof DifferenceClass>;

/** One thing that is not as on the live side. Bodies' values never stand in it: they may be users'. */
export interface Difference {
  readonly class: DifferenceClass;
  /** What differs, the same for every pair of answers: noise is told by it. */
  readonly place: string;
  readonly message: string;
}
