import { type FormEvent, useEffect, useState } from "react";
import { signInWithPassword } from "../api/accounts.ts";
import { tryToken } from "../api/queries.ts";
import { Problem } from "../parts/answer.tsx";
import { Field } from "../parts/field.tsx";
import { signIn, useSignOutNotice } from "../session.ts";
import { SignInPasskey } from "./sign-in-passkey.tsx";
import { SignInProviders } from "./sign-in-providers.tsx";

export function SignIn() {
  const notice = useSignOutNotice();
  useEffect(() => {
    document.title = "Sign in · Tidelock";
  }, []);
  return (
    <main className="sign-in">
      <h1>Tidelock</h1>
      {notice === null ? null : <p role="status">{notice}</p>}
      <SignInPasskey />
      <SignInProviders />
      <WithPassword />
      <WithToken />
    </main>
  );
}

function WithPassword() {
  const { error, busy, submit } = useForm(async (data) => {
    const field = (name: string) => String(data.get(name) ?? "");
    const code = field("code").trim();
    await signInWithPassword({ name: field("name").trim(), password: field("password"), code });
  });
  return (
    <section>
      <form onSubmit={submit}>
        <Field label="Name" name="name" autoComplete="username" />
        <Field label="Password" name="password" type="password" autoComplete="current-password" />
        <Field
          label="Code"
          name="code"
          autoComplete="one-time-code"
          required={false}
          help="Of your authenticator app, or a recovery code. Empty where you have set up neither."
        />
        <button type="submit" className="primary" disabled={busy}>
          Sign in
        </button>
      </form>
      {error === null ? null : <Problem error={error} />}
    </section>
  );
}

function WithToken() {
  const { error, busy, submit } = useForm(async (data) => {
    const token = String(data.get("token") ?? "").trim();
    await tryToken(token);
    signIn(token);
  });
  return (
    <section>
      <form onSubmit={submit}>
        <Field
          label="Token"
          name="token"
          type="password"
          autoComplete="off"
          help="Until the first administrator has signed up, one lies in the data directory, in server/token. It is kept for this tab only."
        />
        <button type="submit" disabled={busy}>
          Use this token
        </button>
      </form>
      {error === null ? null : <Problem error={error} />}
    </section>
  );
}

/** One answer at a time; what was refused is said, and the form can be sent again. */
export function useForm(send: (data: FormData) => Promise<void>) {
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    setBusy(true);
    setError(null);
    send(data)
      .catch(setError)
      .finally(() => setBusy(false));
  };
  return { error, busy, submit };
}
