import { z } from "zod";
import { scanThresholds } from "../../ports/check.ts";

export const ZapConfiguration = z.strictObject({
  ...scanThresholds,
  /** Where the crawl begins. */
  start: z.string().startsWith("/", "write a path, e.g. /shop").max(1_000).default("/"),
});
export type ZapConfiguration = z.infer<typeof ZapConfiguration>;
