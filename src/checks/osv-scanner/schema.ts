import { z } from "zod";
import { fileScan } from "../tool/settings.ts";

export const OsvScannerConfiguration = z.strictObject({ ...fileScan });
export type OsvScannerConfiguration = z.infer<typeof OsvScannerConfiguration>;
