import { useSyncExternalStore } from "react";

/**
 * Who is signed in: the bootstrap token, kept for this tab only (sessionStorage), so that closing it signs
 * out and no other page of this host's later programs finds it.
 */
const key = "tidelock.token";
const listeners = new Set<() => void>();
let notice: string | null = null;

export function currentToken(): string | null {
  return sessionStorage.getItem(key);
}

export function signIn(token: string): void {
  notice = null;
  sessionStorage.setItem(key, token);
  tell();
}

/** `reason` is shown on the sign-in page. */
export function signOut(reason: string | null): void {
  notice = reason;
  sessionStorage.removeItem(key);
  tell();
}

export function useToken(): string | null {
  return useSyncExternalStore(subscribe, currentToken);
}

export function useSignOutNotice(): string | null {
  return useSyncExternalStore(subscribe, () => notice);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(): void {
  for (const listener of listeners) listener();
}
