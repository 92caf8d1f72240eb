import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ApiError } from "../api/call.ts";
import { Badge } from "./status.tsx";

/** What went wrong, where, and what to do. */
export function Problem({ error }: { readonly error: unknown }) {
  const known = error instanceof ApiError ? error : null;
  const message = error instanceof Error ? error.message : String(error);
  return (
    <div className="problem" role="alert">
      <Badge tone="bad">error</Badge> {message}
      {known?.where === undefined ? null : <div className="muted">{known.where}</div>}
      {known?.hint === undefined ? null : <div>{known.hint}</div>}
    </div>
  );
}

/** Old data stays on the page when a refresh fails; the shell says since when it is old. */
export function Answer<T>({
  query,
  children,
}: {
  readonly query: UseQueryResult<T>;
  readonly children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error !== null) return <Problem error={query.error} />;
  return (
    <p className="muted" role="status">
      Loading…
    </p>
  );
}
