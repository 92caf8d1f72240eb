import { z } from "zod";
import { ConfigurationKey } from "../../model/configuration.ts";
import { Name } from "../../model/primitives.ts";
import { classes, DifferenceClass } from "./classes.ts";

const Path = z
  .string()
  .max(8_192)
  .regex(/^\/[\x21-\x7e]*$/, "start with `/`, and percent-encode spaces");

const Reason = z.string().min(3).max(1_000);

/** No regular expression: a hostile one would keep the server from everything else. */
const KeyPattern = z
  .string()
  .regex(/^\*?[A-Za-z0-9_]{1,128}\*?$/, "write a key, or a part of one with `*`: `FEATURE_*`");

export const ParityConfiguration = z.strictObject({
  /** Compared with. When absent the service's environment `production`, else the only one of that tier. */
  environment: Name.optional(),
  /** Paths that both are asked for, with GET; none compares no answers. */
  paths: z.array(Path).max(50).default(["/"]),
  /** Keys of the configuration that belong to an environment: they may differ, and be on one side alone. */
  differs: z
    .array(z.strictObject({ key: ConfigurationKey, reason: Reason }))
    .max(500)
    .default([]),
  /** Which keys are feature flags; `*` stands for anything at the beginning or the end. */
  flags: z
    .array(KeyPattern)
    .max(50)
    .default([
      "FEATURE_*",
      "FEATURES_*",
      "FLAG_*",
      "ENABLE_*",
      "DISABLE_*",
      "*_ENABLED",
      "*_DISABLED",
      "*_FLAG",
    ]),
  /** Other differences that somebody has seen and wants. */
  accept: z
    .array(
      z.strictObject({
        class: DifferenceClass,
        /** As the report names it: `process web`, `GET / header cache-control`; any when absent. */
        place: z.string().min(1).max(9_000).optional(),
        reason: Reason,
      }),
    )
    .max(200)
    .default([]),
  /** Class of difference to what it is worth. */
  severity: z.partialRecord(DifferenceClass, z.enum(["fail", "warn", "off"])).default({}),
  /** While nothing of the service is live in the other environment. */
  withoutOther: z.enum(["pass", "warn", "inconclusive"]).default("warn"),
  /** The other environment's users are not to notice. */
  otherPerSecond: z.number().positive().max(5).default(5),
  /** For one request. */
  timeoutMs: z.int().min(1).max(120_000).default(10_000),
});
export type ParityConfiguration = z.infer<typeof ParityConfiguration>;

/** What a difference of this class is worth here. */
export function severityOf(
  { severity }: Pick<ParityConfiguration, "severity">,
  which: DifferenceClass,
): "fail" | "warn" | "off" {
  return severity[which] ?? classes[which];
}
