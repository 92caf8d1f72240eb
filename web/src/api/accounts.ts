import type { CurrentView } from "../../../src/api/routes-accounts.ts";
import { signedIn, signOut } from "../session.ts";
import { ApiError, call } from "./call.ts";

/** Whether this browser has a session already; asked once when the page opens. */
export async function askWho(): Promise<void> {
  try {
    signedIn((await call<CurrentView>("/api/v1/session")).id);
  } catch (error) {
    signOut(error instanceof ApiError && error.status !== 401 ? error.message : null);
  }
}

/** Here; the server ends the session, whatever the browser still has. */
export async function endSession(): Promise<void> {
  await call("/api/v1/session", { method: "DELETE" }).catch(() => undefined);
  signOut(null);
}
