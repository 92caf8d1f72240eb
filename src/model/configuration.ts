import { z } from "zod";
import { digestOf } from "./canonical.ts";
import { type Digest, Name } from "./primitives.ts";
import { faultProblemIn, namesFault } from "./faults.ts";
import { namesSink, unknownSinkIn } from "./sinks.ts";

/** A name that can be both a file and an environment variable. */
export const ConfigurationKey = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, "use letters, digits and underscores")
  // Keys of records: these every JavaScript object answers to already.
  .refine((key) => !(key in {}), "this name is taken by the language underneath: choose another");

/** A secret by reference; it is resolved when a process starts, and its value is in no record. */
export const SecretReference = z.strictObject({
  /** Which provider resolves it; the first one is `local` (encrypted store of the server). */
  provider: Name.default("local"),
  name: z.string().min(1).max(256),
  /** Pins a version of the secret; absent means the newest when the process starts. */
  version: z.string().optional(),
});
export type SecretReference = z.infer<typeof SecretReference>;

/** `{sink.mail}` and the like are for a colour under test only. */
const LiveValue = z
  .string()
  .refine((value) => !namesSink(value), "a sink is for `isolated` values: users' colour has none")
  .refine(
    (value) => !namesFault(value),
    "a fault is for `isolated` values: users' colour has none",
  );
const IsolatedValue = z
  .string()
  .refine(
    (value) => unknownSinkIn(value) === null,
    "there is no such sink: {sink.mail}, {sink.http}, {sink.tcp}, each also with .host or .port",
  )
  .superRefine((value, context) => {
    const message = faultProblemIn(value);
    if (message !== null) context.addIssue({ code: "custom", message });
  });

export const Bindings = z.strictObject({
  values: z.record(ConfigurationKey, IsolatedValue).default({}),
  secrets: z.record(ConfigurationKey, SecretReference).default({}),
});

/**
 * What one service needs in one environment. `isolated` replaces keys while a colour is idle and under
 * test, so that it holds no live credential (law 10).
 */
export const Configuration = z.strictObject({
  kind: z.literal("Configuration"),
  formatVersion: z.literal(1),
  service: Name,
  environment: Name,
  values: z.record(ConfigurationKey, LiveValue).default({}),
  secrets: z.record(ConfigurationKey, SecretReference).default({}),
  isolated: Bindings.default({ values: {}, secrets: {} }),
  /**
   * Keys that a colour under test may share with the live one: their owner says that nothing can be harmed
   * with them. Absent rather than empty, so that older configurations keep their digest.
   */
  shared: z.array(ConfigurationKey).max(256).optional(),
  /** `files` (0600, under `$TIDELOCK_CONFIG_DIR`) is the rule; `variables` is a recorded exception. */
  delivery: z.enum(["files", "variables"]).default("files"),
});
export type Configuration = z.infer<typeof Configuration>;

export function configurationDigest(configuration: Configuration): Digest {
  return digestOf(configuration);
}
