import { z } from "zod";

const Severity = z.enum(["fail", "warn", "off"]);

export const ManifestConfiguration = z.strictObject({
  /** Variables that instances may have besides those that Tidelock and the configuration give. */
  allowVariables: z.array(z.string().min(1).max(200)).max(200).default([]),
  /** Names of programs that may run from where services can write, or that are gone from the disk. */
  allowPrograms: z.array(z.string().min(1).max(200)).max(200).default([]),
  /** Ports that the release may listen on besides those that it was given. */
  allowPorts: z.array(z.int().min(1).max(65_535)).max(100).default([]),
  /** A process that left its instance behind. */
  strays: Severity.default("fail"),
});
export type ManifestConfiguration = z.infer<typeof ManifestConfiguration>;
