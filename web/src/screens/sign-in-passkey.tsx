/** Signing in with a passkey; nothing as long as this server offers none. `signedIn(name)` ends it. */
export function SignInPasskey() {
  return null;
}
