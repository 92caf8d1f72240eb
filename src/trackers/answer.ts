import type { z } from "zod";
import { TidelockError } from "../model/errors.ts";
import { printable } from "../model/printable.ts";

/** What a tracker answered, as its adapter expects it; else an error that shows what it said, and no token. */
export function answered<T>(
  where: string,
  { status, text }: { readonly status: number; readonly text: string },
  schema: z.ZodType<T>,
): T {
  if (status >= 200 && status < 300) {
    try {
      return schema.parse(JSON.parse(text));
    } catch {
      throw new TidelockError("unavailable", `${where} answered what nobody expects of it`, {
        where,
      });
    }
  }
  throw new TidelockError(
    status === 401 || status === 403 ? "forbidden" : "unavailable",
    `${where} answered ${status}: ${printable(text.slice(0, 200))}`,
    {
      where,
      retryable: status >= 500 || status === 429,
      hint: "look at the tracker's address and project, and at what its token may do",
    },
  );
}

/** Without a slash at its end, so that paths can follow. */
export function base(url: string): string {
  return url.replace(/\/+$/, "");
}
