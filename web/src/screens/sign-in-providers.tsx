/** Signing in at somebody else's: a button for each provider; nothing as long as there is none. */
export function SignInProviders() {
  return null;
}
