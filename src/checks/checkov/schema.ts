import { z } from "zod";
import { fileScan } from "../tool/settings.ts";

export const CheckovConfiguration = z.strictObject({ ...fileScan });
export type CheckovConfiguration = z.infer<typeof CheckovConfiguration>;
