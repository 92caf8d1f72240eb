import { z } from "zod";
import { scanThresholds } from "../../ports/check.ts";

export const TestsslConfiguration = z.strictObject({
  ...scanThresholds,
  /** `route`: what users reach (the router's certificate). `instances`: the tested colour itself, where it speaks TLS. */
  through: z.enum(["route", "instances"]).default("route"),
});
export type TestsslConfiguration = z.infer<typeof TestsslConfiguration>;
