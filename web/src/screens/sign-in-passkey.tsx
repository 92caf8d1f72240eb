import { useState } from "react";
import { signInWithPasskey } from "../api/passkey-queries.ts";
import { Problem } from "../parts/answer.tsx";
import { passkeysWork, whyNoPasskeys } from "../passkeys/browser.ts";
import { signedIn } from "../session.ts";

/** Signing in with a passkey: without a name, because the passkey knows whose it is. */
export function SignInPasskey() {
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const why = whyNoPasskeys();
  if (why !== null) return passkeysWork() ? <p className="muted">{why}</p> : null;
  const start = async () => {
    setBusy(true);
    setError(null);
    try {
      signedIn(await signInWithPasskey());
    } catch (refused) {
      setError(refused);
      setBusy(false);
    }
  };
  return (
    <section aria-label="Passkey">
      <button type="button" className="primary" disabled={busy} onClick={() => void start()}>
        Sign in with a passkey
      </button>
      {error === null ? null : <Problem error={error} />}
    </section>
  );
}
