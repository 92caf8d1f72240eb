import { z } from "zod";
import { scanThresholds } from "../../ports/check.ts";

const portList = /^\d{1,5}(-\d{1,5})?(,\d{1,5}(-\d{1,5})?)*$/;

export const NmapConfiguration = z.strictObject({
  ...scanThresholds,
  /**
   * `instances`: the ports that the tested colour was given and no other. A list like `1-1024,8080` is for
   * instances with an address of their own: on a shared one it meets every program of the machine.
   */
  ports: z.union([z.literal("instances"), z.string().regex(portList)]).default("instances"),
  /** Ports that may be open besides those of the instances. Every other open one fails the check. */
  allowed: z.array(z.int().min(1).max(65_535)).max(1_000).default([]),
  /** Ask open ports what they speak (`-sV`); takes a minute. */
  services: z.boolean().default(false),
});
export type NmapConfiguration = z.infer<typeof NmapConfiguration>;
