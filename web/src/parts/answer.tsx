import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { endSession } from "../api/accounts.ts";
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
      {known?.code === "sign-in-again" ? (
        <SignInAgain />
      ) : known?.hint === undefined ? null : (
        <div>{known.hint}</div>
      )}
    </div>
  );
}

/** The way out of `sign-in-again`; the page of a one-time link has none of its own, and leads to Account. */
function SignInAgain() {
  const again = async () => {
    await endSession();
    if (location.pathname === "/welcome") location.assign("/account");
  };
  return (
    <div>
      Your sign-in is older than ten minutes, or was with a password alone where you have more.{" "}
      <button type="button" onClick={() => void again()}>
        Sign in again
      </button>
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
