import { z } from "zod";
import { fileScan } from "../tool/settings.ts";

export const BanditConfiguration = z.strictObject({
  ...fileScan,
  /** Tests of bandit that are not run, by id (`B101`). */
  skip: z
    .array(z.string().regex(/^B\d{3}$/, "write ids like B101"))
    .max(100)
    .default([]),
});
export type BanditConfiguration = z.infer<typeof BanditConfiguration>;
