import { z } from "zod";
import { fileScan } from "../tool/settings.ts";

export const HadolintConfiguration = z.strictObject({ ...fileScan });
export type HadolintConfiguration = z.infer<typeof HadolintConfiguration>;
