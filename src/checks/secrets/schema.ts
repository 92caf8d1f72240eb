import { z } from "zod";
import { baselineSetting, scanSettings } from "../scanner/settings.ts";

export const SecretsConfiguration = z.strictObject({ ...scanSettings, ...baselineSetting });
export type SecretsConfiguration = z.infer<typeof SecretsConfiguration>;
