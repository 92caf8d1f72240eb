import { useSyncExternalStore } from "react";

/**
 * Who is signed in here. Either a session, which is a cookie that no script can read; or a token, kept for this tab
 * only (sessionStorage), so that closing it signs out and no other page of this host's later programs finds it.
 *
 *   unknown --askWho--> out | session        out <-> token | session
 */
export type SignedIn =
  | { readonly kind: "unknown" }
  | { readonly kind: "out" }
  | { readonly kind: "token" }
  /** `name` as records have it. */
  | { readonly kind: "session"; readonly name: string };

const key = "tidelock.token";
const listeners = new Set<() => void>();
let notice: string | null = null;
let state: SignedIn = currentToken() === null ? { kind: "unknown" } : { kind: "token" };

export function currentToken(): string | null {
  return sessionStorage.getItem(key);
}

/** By a token, in this tab. */
export function signIn(token: string): void {
  sessionStorage.setItem(key, token);
  set({ kind: "token" });
}

/** The server has given this browser a session: whoever signs somebody in calls this. */
export function signedIn(name: string): void {
  sessionStorage.removeItem(key);
  set({ kind: "session", name });
}

/** `reason` is shown on the sign-in page. The server's side of it is `endSession` in api/accounts.ts. */
export function signOut(reason: string | null): void {
  sessionStorage.removeItem(key);
  set({ kind: "out" }, reason);
}

export function useSignedIn(): SignedIn {
  return useSyncExternalStore(subscribe, () => state);
}

export function useSignOutNotice(): string | null {
  return useSyncExternalStore(subscribe, () => notice);
}

let lastInput = Date.now();
for (const event of ["pointerdown", "keydown", "wheel"] as const) {
  window.addEventListener(event, () => (lastInput = Date.now()), { passive: true, capture: true });
}

/** Whether somebody has touched the page in the last minute: what it asks by itself keeps nobody signed in. */
export function somebodyIsThere(): boolean {
  return Date.now() - lastInput < 60_000;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function set(next: SignedIn, reason: string | null = null): void {
  notice = reason;
  state = next;
  for (const listener of listeners) listener();
}
