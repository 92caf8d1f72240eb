import { z } from "zod";
import { baselineSetting, scanSettings } from "../scanner/settings.ts";

export const StateFilesConfiguration = z.strictObject({ ...scanSettings, ...baselineSetting });
export type StateFilesConfiguration = z.infer<typeof StateFilesConfiguration>;
