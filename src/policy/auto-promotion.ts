import type { Environment } from "../model/pipeline.ts";

/**
 * Whether a service's `auto: true` counts here. It is the owners' to allow: who may edit a service's file may not by
 * that alone let releases go to users without a person. Where nobody said, everywhere but in production.
 */
export function mayStartItself({ spec }: Environment, service: string): boolean {
  const said = spec.autoPromotion ?? (spec.tier === "production" ? "forbidden" : "allowed");
  return typeof said === "string" ? said === "allowed" : said.includes(service);
}
