import { z } from "zod";
import { baselineSetting, scanSettings } from "../scanner/settings.ts";

export const SastConfiguration = z.strictObject({ ...scanSettings, ...baselineSetting });
export type SastConfiguration = z.infer<typeof SastConfiguration>;
