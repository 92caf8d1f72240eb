import { z } from "zod";

/** Every kind of difference between two environments, with what it is worth by default. */
export const classes = {
  /** A key of the configuration that only the other environment has. */
  "key-missing": "warn",
  /** One that only this environment has: the release is tested with what it will not get there. */
  "key-extra": "warn",
  /** A secret on one side, a plain value on the other. */
  "key-kind": "warn",
  /** A feature flag that is set otherwise. */
  flag: "warn",
  value: "warn",
  /** A process that only one of them has. */
  "process-missing": "warn",
  "process-extra": "warn",
  command: "warn",
  replicas: "warn",
  /** Memory, open files, processes. */
  limits: "warn",
  /** Port, readiness, how it is stopped, state. */
  process: "warn",
  /** The same command runs another program: what was tested here is not what runs there. */
  runtime: "fail",
  /** Its program was replaced on the disk since it was started: the next start gets another one. */
  "runtime-replaced": "warn",
  /** Tools that the release was built with. */
  tools: "warn",
  /** Parts of the release, by name and media type. */
  parts: "warn",
  target: "warn",
  strategy: "warn",
  delivery: "warn",
  isolation: "warn",
  /** One has a router, the other has none. */
  router: "warn",
  tls: "warn",
  "router-limits": "warn",
  "trusted-proxies": "warn",
  /** No whole answer of the other environment, or none of the tested colour where the other one answers. */
  "no-answer-there": "warn",
  "no-answer": "fail",
  "status-worse": "warn",
  gone: "warn",
  /** An answer where the other environment says 401 or 403. */
  "access-opened": "fail",
  status: "warn",
  "security-header-lost": "fail",
  "security-header-weaker": "fail",
  "security-header-changed": "warn",
  "security-header-added": "off",
  "cors-opened": "fail",
  "cors-changed": "warn",
  "cookie-weaker": "fail",
  "cookie-gone": "warn",
  "cookie-added": "warn",
  "caching-opened": "warn",
  "caching-changed": "warn",
  "content-type": "warn",
  "redirect-elsewhere": "warn",
  redirect: "warn",
} as const satisfies Record<string, "fail" | "warn" | "off">;

export const DifferenceClass = z.enum(Object.keys(classes) as (keyof typeof classes)[]);
export type DifferenceClass = z.infer<typeof DifferenceClass>;

/** One thing that is not as in the other environment. No value of a configuration stands in it. */
export interface Difference {
  readonly class: DifferenceClass;
  /** `key DOCS_URL`, `process web`, `GET / header cache-control`: what `accept` names. */
  readonly place: string;
  readonly message: string;
  /** A known cause of it counts already: no more than a warning. */
  readonly mild?: boolean;
}
