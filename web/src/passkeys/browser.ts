import type { Assertion } from "../../../src/model/webauthn.ts";
import { toBase64url } from "./base64url.ts";

/** What this page asks of the browser's authenticators, and what went wrong in words. */

/** So long somebody may take to touch a key. Milliseconds. */
export const touchMs = 120_000;

export function passkeysWork(): boolean {
  return typeof window.PublicKeyCredential === "function" && window.isSecureContext;
}

/** Why this page cannot ask for a passkey; null: it can. */
export function whyNoPasskeys(): string | null {
  if (/^[\d.]+$|^\[/.test(location.hostname)) {
    return "Passkeys belong to a name, and this page was opened under an address. Open it under its name (on this machine: http://localhost).";
  }
  return passkeysWork()
    ? null
    : "This browser knows no passkeys here. They need https, or localhost.";
}

/** Throws an `Error` with a sentence for people. */
export async function assertWith(
  options: PublicKeyCredentialRequestOptions,
): Promise<{ readonly assertion: Assertion; readonly userHandle: string | null }> {
  const credential = await asked(() => navigator.credentials.get({ publicKey: options }));
  const response = credential.response as AuthenticatorAssertionResponse;
  return {
    assertion: {
      credentialId: toBase64url(credential.rawId),
      authenticatorData: toBase64url(response.authenticatorData),
      clientDataJSON: toBase64url(response.clientDataJSON),
      signature: toBase64url(response.signature),
    },
    userHandle: response.userHandle === null ? null : toBase64url(response.userHandle),
  };
}

/** A new credential, as the server reads it. */
export async function createWith(options: PublicKeyCredentialCreationOptions): Promise<{
  readonly authenticatorData: string;
  readonly clientDataJSON: string;
}> {
  const credential = await asked(() => navigator.credentials.create({ publicKey: options }));
  const response = credential.response as AuthenticatorAttestationResponse;
  return {
    authenticatorData: toBase64url(response.getAuthenticatorData()),
    clientDataJSON: toBase64url(response.clientDataJSON),
  };
}

async function asked(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  let credential: Credential | null;
  try {
    credential = await ask();
  } catch (error) {
    throw new Error(inWords(error), { cause: error });
  }
  if (credential instanceof PublicKeyCredential) return credential;
  throw new Error("The browser answered with something else than a passkey.");
}

const words: Readonly<Record<string, string>> = {
  NotAllowedError:
    "No passkey was used: it was cancelled, took too long, or there is none here that fits.",
  InvalidStateError: "This authenticator holds a passkey for you here already.",
  SecurityError:
    "This page may not use passkeys: it was opened under another name or without https.",
  NotSupportedError: "This authenticator makes no keys that Tidelock verifies.",
};

function inWords(error: unknown): string {
  if (!(error instanceof DOMException)) return "The browser could not use a passkey.";
  return words[error.name] ?? `The browser could not use a passkey (${error.name}).`;
}
