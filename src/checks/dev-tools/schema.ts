import { z } from "zod";
import { baselineSetting, scanSettings } from "../scanner/settings.ts";

export const DevToolsConfiguration = z.strictObject({ ...scanSettings, ...baselineSetting });
export type DevToolsConfiguration = z.infer<typeof DevToolsConfiguration>;
