import { z } from "zod";
import { Name } from "./primitives.ts";

/** `S-12`: a stopped line, or a ban. */
export const StopId = z.string().regex(/^S-[1-9]\d{0,8}$/, "write the number, for example S-12");
export type StopId = z.infer<typeof StopId>;

export const StopReason = z.string().trim().min(1, "say why").max(1_000);

/** Where a line is stopped. Null: every service, or every environment. */
export interface LineScope {
  readonly service: string | null;
  readonly environment: string | null;
}

/** `shop/production`, `shop/*`, or a star first; a bare name is one or the other, and null here. */
export function readLineScope(text: string): LineScope | { readonly either: string } | null {
  const parts = text.split("/");
  const side = (part: string | undefined): string | null | undefined =>
    part === "*" ? null : Name.safeParse(part).data;
  const [service, environment] = [side(parts[0]), side(parts[1])];
  if (parts.length === 1 && typeof service === "string") return { either: service };
  if (parts.length !== 2 || service === undefined || environment === undefined) return null;
  return { service, environment };
}
