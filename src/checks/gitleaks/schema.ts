import { z } from "zod";
import { fileScan } from "../tool/settings.ts";

export const GitleaksConfiguration = z.strictObject({ ...fileScan });
export type GitleaksConfiguration = z.infer<typeof GitleaksConfiguration>;
