import { z } from "zod";
import { scanThresholds } from "../../ports/check.ts";

export const NpmAuditConfiguration = z.strictObject({
  ...scanThresholds,
  /** Leave out what only development needs. */
  production: z.boolean().default(false),
});
export type NpmAuditConfiguration = z.infer<typeof NpmAuditConfiguration>;
