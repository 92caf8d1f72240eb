import { z } from "zod";
import { fileScan } from "../tool/settings.ts";

export const GrypeConfiguration = z.strictObject({ ...fileScan });
export type GrypeConfiguration = z.infer<typeof GrypeConfiguration>;
