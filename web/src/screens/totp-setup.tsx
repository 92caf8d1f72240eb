import { useEffect, useState } from "react";
import { beginTotp, confirmTotp, type TotpSetup } from "../api/accounts.ts";
import { Problem } from "../parts/answer.tsx";
import { Field } from "../parts/field.tsx";
import { useForm } from "./sign-in.tsx";

/** An authenticator app: its secret, a code that proves it, and the recovery codes. */
export function SetUpApp({ onDone }: { readonly onDone: () => void }) {
  const [setup, setSetup] = useState<TotpSetup | null>(null);
  const [failed, setFailed] = useState<unknown>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  useEffect(() => {
    beginTotp().then(setSetup, setFailed);
  }, []);
  const { error, busy, submit } = useForm(async (data) => {
    if (setup === null) return;
    setCodes(await confirmTotp(setup.setup, String(data.get("code") ?? "").trim()));
  });
  if (codes !== null) return <RecoveryCodes codes={codes} onDone={onDone} />;
  if (failed !== null) return <Problem error={failed} />;
  if (setup === null) return null;
  return (
    <>
      <p>Add this key to your authenticator app, by hand or through the link:</p>
      <p>
        <code className="key">{setup.secret.match(/.{1,4}/g)?.join(" ")}</code>
      </p>
      <p>
        <a href={setup.uri}>Open it in an app on this device</a>
      </p>
      <form onSubmit={submit}>
        <Field
          label="Code that the app shows"
          name="code"
          autoComplete="one-time-code"
          inputMode="numeric"
        />
        <button type="submit" className="primary" disabled={busy}>
          Set up
        </button>
      </form>
      {error === null ? null : <Problem error={error} />}
    </>
  );
}

function RecoveryCodes({
  codes,
  onDone,
}: {
  readonly codes: readonly string[];
  readonly onDone: () => void;
}) {
  return (
    <>
      <p role="status">The app is set up. It is asked for from now on.</p>
      <p>
        Each of these recovery codes signs you in once when you have lost the app. They are not
        shown again: print them, or keep them in a password manager.
      </p>
      <ul className="codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <button type="button" className="primary" onClick={onDone}>
        I have kept them
      </button>
    </>
  );
}
