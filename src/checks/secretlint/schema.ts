import { z } from "zod";
import { fileScan } from "../tool/settings.ts";

export const SecretlintConfiguration = z.strictObject({ ...fileScan });
export type SecretlintConfiguration = z.infer<typeof SecretlintConfiguration>;
