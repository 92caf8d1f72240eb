import { queryOptions } from "@tanstack/react-query";
import type { BreakGlassView } from "../../../src/api/routes-break-glass.ts";
import { call } from "./call.ts";

/** Newest first. `open`: asked for, in force, or a review is owed. */
export function glassesQuery(state: "open" | "any") {
  return queryOptions({
    queryKey: ["break-glass", state],
    queryFn: ({ signal }) =>
      call<{ readonly items: readonly BreakGlassView[] }>(
        `/api/v1/break-glass?state=${state}&limit=500`,
        { signal },
      ),
  });
}
