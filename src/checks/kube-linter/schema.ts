import { z } from "zod";
import { fileScan } from "../tool/settings.ts";

export const KubeLinterConfiguration = z.strictObject({ ...fileScan });
export type KubeLinterConfiguration = z.infer<typeof KubeLinterConfiguration>;
