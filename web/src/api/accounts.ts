import { queryOptions } from "@tanstack/react-query";
import type {
  CurrentView,
  LinkView,
  LoginView,
  OwnAccountView,
  SessionView,
} from "../../../src/api/routes/accounts.ts";
import type { SponsorsView } from "../../../src/api/routes/people.ts";
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

/** Here; the server ends the session, whatever the browser still has, and may lead on to the provider. */
export async function endSession(): Promise<void> {
  const ended = await call<SessionEndView>("/api/v1/session", { method: "DELETE" }).catch(
    () => null,
  );
  signOut(null);
  const goOn = ended?.goOn ?? null;
  if (goOn !== null) location.assign(goOn);
}

export async function endEverywhere(): Promise<void> {
  await call("/api/v1/sessions", { method: "DELETE" });
  signOut("You are signed out everywhere.");
}

interface SessionEndView {
  readonly goOn: string | null;
}

interface Name {
  readonly name: string;
}

export async function signInWithPassword(given: {
  readonly name: string;
  readonly password: string;
  readonly code: string;
}): Promise<void> {
  signedIn((await call<Name>("/api/v1/sign-in", { method: "POST", body: given })).name);
}

export function lookAtLink(secret: string): Promise<LinkView> {
  return call("/api/v1/welcome/show", { method: "POST", body: { secret } });
}

/** The browser has a session from here on. Answers whose. */
export async function redeemLink(given: {
  readonly secret: string;
  readonly password: string;
  readonly name?: string;
}): Promise<string> {
  return (await call<Name>("/api/v1/welcome", { method: "POST", body: given })).name;
}

export interface TotpSetup {
  readonly secret: string;
  readonly uri: string;
  readonly setup: string;
}

export function beginTotp(): Promise<TotpSetup> {
  return call("/api/v1/account/totp", { method: "POST" });
}

export async function confirmTotp(setup: string, code: string): Promise<readonly string[]> {
  const body = { setup, code };
  const answer = await call<{ readonly recoveryCodes: readonly string[] }>("/api/v1/account/totp", {
    method: "PUT",
    body,
  });
  return answer.recoveryCodes;
}

export function removeTotp(): Promise<unknown> {
  return call("/api/v1/account/totp", { method: "DELETE" });
}

export function changePassword(current: string, next: string): Promise<unknown> {
  return call("/api/v1/account/password", { method: "PUT", body: { current, next } });
}

export const accountQuery = queryOptions({
  queryKey: ["account"],
  queryFn: ({ signal }) => call<OwnAccountView>("/api/v1/account", { signal }),
});

export const sessionsQuery = queryOptions({
  queryKey: ["sessions"],
  queryFn: ({ signal }) =>
    call<{ readonly items: readonly SessionView[] }>("/api/v1/sessions", { signal }),
});

export function endOne(id: string): Promise<unknown> {
  return call(`/api/v1/sessions/${encodeURIComponent(id)}`, { method: "DELETE" });
}

export const ownSponsorsQuery = queryOptions({
  queryKey: ["account", "sponsors"],
  queryFn: ({ signal }) => call<SponsorsView>("/api/v1/account/sponsors", { signal }),
});

/** These are mine: by the provider at which one has just signed in. */
export function sayTheyAreMine(acts: readonly string[]): Promise<SponsorsView> {
  return call("/api/v1/account/sponsors", { method: "POST", body: { acts } });
}

export function lookAtLogin(code: string): Promise<LoginView> {
  return call(`/api/v1/logins/${encodeURIComponent(code)}`);
}

export function answerLogin(code: string, yes: boolean): Promise<unknown> {
  return call(`/api/v1/logins/${encodeURIComponent(code)}`, { method: "PUT", body: { yes } });
}
