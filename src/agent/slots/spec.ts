import { z } from "zod";
import { ConfigurationKey } from "../../model/configuration.ts";
import { TidelockError } from "../../model/errors.ts";
import { Digest, Name, Slot } from "../../model/primitives.ts";
import { type SinkKind, sinkKindsIn } from "../../model/sinks.ts";
import { Resources } from "../../model/pipeline.ts";
import type { SlotSpec } from "../../ports/host-agent.ts";

const Milliseconds = z.int().nonnegative();
const Argument = z
  .string()
  .min(1)
  .refine((text) => !text.includes("\0"), "has a zero byte");

/** A `Process` of the pipeline file after parsing: durations are milliseconds, defaults are filled in. */
export const ParsedProcess = z.strictObject({
  command: z.array(Argument).min(1),
  port: z.enum(["variable", "argument", "namespace", "none"]),
  router: z.enum(["http", "none"]),
  replicas: z.int().min(1).max(64),
  ready: z.discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("http"),
      path: z.string().startsWith("/"),
      status: z.int().min(100).max(599),
      interval: Milliseconds,
      timeout: Milliseconds,
    }),
    z.strictObject({
      kind: z.literal("tcp"),
      interval: Milliseconds,
      timeout: Milliseconds,
    }),
    z.strictObject({ kind: z.literal("alive"), for: Milliseconds }),
  ]),
  stop: z.strictObject({
    signal: z.enum(["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP"]),
    grace: Milliseconds,
  }),
  state: z.boolean(),
  resources: Resources,
});
export type ParsedProcess = z.infer<typeof ParsedProcess>;

/** A slot's specification as the agent keeps it: without the configuration's values. */
export const StoredSpec = z.strictObject({
  slot: Slot,
  release: Digest,
  releaseName: z.string().regex(/^[a-z0-9-]+@[A-Za-z0-9._+-]+$/, "expected service@version"),
  configuration: Digest,
  bindings: z.enum(["isolated", "live"]),
  generation: z.string().min(1).max(200),
  artifacts: z.array(z.strictObject({ digest: Digest, size: z.int().nonnegative() })).min(1),
  processes: z.record(Name, ParsedProcess),
  delivery: z.enum(["files", "variables"]),
});
export type StoredSpec = z.infer<typeof StoredSpec>;

/** Values by key; keys are file names and variable names, hence their narrow alphabet. */
export const Entries = z.record(
  ConfigurationKey,
  z.string().refine((text) => !text.includes("\0"), "has a zero byte"),
);
export type Entries = z.infer<typeof Entries>;

/**
 * Judges a specification from outside and parts it from its secrets.
 *
 * @throws TidelockError `invalid-input` naming the field, never a value.
 */
export function splitSpec(spec: SlotSpec): { stored: StoredSpec; entries: Entries } {
  const { environment, ...rest } = spec;
  const stored = StoredSpec.safeParse({ ...rest, delivery: environment.delivery });
  const entries = Entries.safeParse(environment.entries);
  const issue = stored.error?.issues[0] ?? entries.error?.issues[0];
  if (!stored.success || !entries.success) {
    const where = issue?.path.join(".") ?? "spec";
    throw new TidelockError("invalid-input", `slot.deploy: ${where}: ${issue?.message}`, { where });
  }
  return { stored: stored.data, entries: entries.data };
}

/** The process that the environment's router sends its requests to; null when none takes any. */
export function routedProcess(spec: StoredSpec): string | null {
  for (const [name, process] of Object.entries(spec.processes)) {
    if (process.router === "http" && process.port !== "none") return name;
  }
  return null;
}

/** The sinks that a deployment is offered: only one under test has any. */
export function sinksOf(spec: StoredSpec, entries: Entries): readonly SinkKind[] {
  return spec.bindings === "isolated" ? sinkKindsIn(Object.values(entries)) : [];
}
