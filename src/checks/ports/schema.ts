import { z } from "zod";

export const PortsConfiguration = z.strictObject({
  /** Ports that the release may listen on besides those that it was given. */
  allow: z.array(z.int().min(1).max(65_535)).max(100).default([]),
  /** What a port is worth that can be reached from other machines, past the router. */
  exposed: z.enum(["fail", "warn", "off"]).default("warn"),
});
export type PortsConfiguration = z.infer<typeof PortsConfiguration>;
