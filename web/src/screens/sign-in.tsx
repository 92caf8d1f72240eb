import { type FormEvent, useEffect, useState } from "react";
import { tryToken } from "../api/queries.ts";
import { Problem } from "../parts/answer.tsx";
import { signIn, useSignOutNotice } from "../session.ts";
import { SignInPasskey } from "./sign-in-passkey.tsx";
import { SignInProviders } from "./sign-in-providers.tsx";

export function SignIn() {
  const notice = useSignOutNotice();
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    document.title = "Sign in · Tidelock";
  }, []);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget).get("token") ?? "").trim();
    setBusy(true);
    try {
      await tryToken(token);
      signIn(token);
    } catch (refused) {
      setError(refused);
      setBusy(false);
    }
  };

  return (
    <main className="sign-in">
      <h1>Tidelock</h1>
      {notice === null ? null : <p role="status">{notice}</p>}
      <SignInPasskey />
      <SignInProviders />
      <form onSubmit={(event) => void submit(event)}>
        <label htmlFor="token">Token</label>
        <input
          id="token"
          name="token"
          type="password"
          autoComplete="off"
          spellCheck={false}
          required
          aria-describedby="token-help"
        />
        <p id="token-help" className="muted">
          The first token lies in the data directory, in <code>server/token</code>. It is kept for
          this tab only.
        </p>
        <button type="submit" className="primary" disabled={busy}>
          Sign in
        </button>
      </form>
      {error === null ? null : <Problem error={error} />}
    </main>
  );
}
