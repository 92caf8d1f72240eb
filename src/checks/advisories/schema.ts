import { z } from "zod";
import { Duration } from "../../model/primitives.ts";
import { withoutPackagesSetting } from "../scanner/packages/without-packages.ts";
import { scanSettings } from "../scanner/settings.ts";

export const AdvisoriesConfiguration = z.strictObject({
  ...scanSettings,
  ...withoutPackagesSetting,
  /** Older advisories give the verdict `stale`. Default 7 days. */
  maxAge: Duration.default(7 * 86_400_000),
  /** Judge packages too that the lock file calls development only. */
  development: z.boolean().default(false),
});
export type AdvisoriesConfiguration = z.infer<typeof AdvisoriesConfiguration>;
