import { lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import { beginTotp, confirmTotp, type TotpSetup } from "../api/accounts.ts";
import { Problem } from "../parts/answer.tsx";
import { Field } from "../parts/field.tsx";
import { useForm } from "./sign-in.tsx";

/** What draws it comes only where somebody sets an app up. */
const QrCode = lazy(async () => ({ default: (await import("../parts/qr-code.tsx")).QrCode }));

/** An authenticator app: its secret, a code that proves it, and the recovery codes. */
export function SetUpApp({
  onDone,
  instead = null,
}: {
  readonly onDone: () => void;
  /** What else one can do, until the app is set up. */
  readonly instead?: ReactNode;
}) {
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
  if (failed !== null) {
    return (
      <>
        <Problem error={failed} />
        {instead}
      </>
    );
  }
  if (setup === null) return null;
  return (
    <>
      <p>Scan this with your authenticator app:</p>
      <Suspense fallback={<div className="qr" />}>
        <QrCode text={setup.uri} label="QR code with the key that stands below it" />
      </Suspense>
      <p>
        Or type the key: <code className="key">{setup.secret.match(/.{1,4}/g)?.join(" ")}</code>{" "}
        <CopyKey text={setup.secret} />
      </p>
      <p>
        Or <a href={setup.uri}>open it in an app on this device</a>. Whoever has the key can make
        your codes: it is shown here and nowhere else.
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
      {instead}
    </>
  );
}

/** Where pages may copy, which is on this machine and over TLS. */
function CopyKey({ text }: { readonly text: string }) {
  const [said, setSaid] = useState("");
  if (!("clipboard" in navigator)) return null;
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setSaid("copied"),
      () => setSaid("this browser does not let the page copy it"),
    );
  return (
    <>
      <button type="button" onClick={() => void copy()}>
        Copy the key
      </button>{" "}
      <span role="status">{said}</span>
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
