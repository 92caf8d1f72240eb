import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { LinkView } from "../../../src/api/routes/accounts.ts";
import { lookAtLink, redeemLink } from "../api/accounts.ts";
import { Problem } from "../parts/answer.tsx";
import { Field } from "../parts/field.tsx";
import { Foreign } from "../parts/foreign.tsx";
import { signedIn } from "../session.ts";
import { useForm } from "./sign-in.tsx";
import { SetUpApp } from "./totp-setup.tsx";

/**
 * The secret of a one-time link stands in the address's fragment, which no browser sends anywhere. It is taken out of
 * the address, and so out of the history, as soon as the page has read it.
 */
let secret: string | null = null;
function takeSecret(): string | null {
  const given = window.location.hash.slice(1);
  if (given !== "") {
    secret = given;
    window.history.replaceState(window.history.state, "", window.location.pathname);
  }
  return secret;
}

/** A one-time link: a password, and then a second factor. */
export function Welcome() {
  const [given, setGiven] = useState(takeSecret);
  const [link, setLink] = useState<LinkView | null>(null);
  const [failed, setFailed] = useState<unknown>(null);
  const [name, setName] = useState<string | null>(null);
  const navigate = useNavigate();
  useEffect(() => {
    // Another link pasted into the same tab is no new page to the browser.
    const again = () => {
      setLink(null);
      setFailed(null);
      setGiven(takeSecret());
    };
    window.addEventListener("hashchange", again);
    return () => window.removeEventListener("hashchange", again);
  }, []);
  useEffect(() => {
    document.title = "Welcome · Tidelock";
    if (given !== null) lookAtLink(given).then(setLink, setFailed);
  }, [given]);
  const enter = (whose: string, to: "/" | "/passkeys" = "/") => {
    secret = null;
    signedIn(whose);
    void navigate({ to });
  };
  return (
    <main className="sign-in">
      <h1>Welcome to Tidelock</h1>
      {given === null ? <p>This page needs the whole link that you were given.</p> : null}
      {failed === null ? null : <Problem error={failed} />}
      {name === null ? (
        given !== null && link !== null ? (
          <SetPassword secret={given} link={link} onDone={setName} />
        ) : null
      ) : (
        <>
          <h2>A second factor</h2>
          <SetUpApp
            onDone={() => enter(name)}
            instead={
              <>
                <p>
                  With a password alone you may read, and change nothing. An authenticator app or a
                  passkey is enough. A passkey counts from your first sign-in with it on.
                </p>
                <p className="row">
                  <button type="button" onClick={() => enter(name, "/passkeys")}>
                    Use a passkey instead
                  </button>
                  <button type="button" onClick={() => enter(name)}>
                    Go on without either
                  </button>
                </p>
              </>
            }
          />
        </>
      )}
    </main>
  );
}

const says = {
  // The first one of all, or one whom `tidelock server recover-access` lets in.
  first: "You become an administrator. Where the token of the data directory still counts, it ends as soon as you are in with a second factor or a passkey.", // prettier-ignore
  invite: "You were invited.",
  reset: "You set another password. What you signed in with before is gone.",
} as const;

function SetPassword({
  secret: given,
  link,
  onDone,
}: {
  readonly secret: string;
  readonly link: LinkView;
  readonly onDone: (name: string) => void;
}) {
  const { error, busy, submit } = useForm(async (data) => {
    const name = String(data.get("name") ?? "").trim();
    const password = String(data.get("password") ?? "");
    if (password !== data.get("again")) throw new Error("the two passwords are not the same");
    onDone(await redeemLink({ secret: given, password, ...(link.name === null ? { name } : {}) }));
  });
  return (
    <>
      <p>
        {says[link.purpose]} The link was made by <Foreign text={link.madeBy} />.
      </p>
      <form onSubmit={submit}>
        {link.name === null ? (
          <Field
            label="Your name"
            name="name"
            autoComplete="username"
            help="As records shall have it, e.g. your address. It stays with what you do here."
          />
        ) : (
          <>
            <p>
              Your name here: <strong>{link.name}</strong>
            </p>
            <input type="hidden" name="username" autoComplete="username" value={link.name} />
          </>
        )}
        <Field
          label="Password"
          name="password"
          type="password"
          autoComplete="new-password"
          minLength={12}
          help="At least 12 characters. Several words that nobody would put together are easy to keep and hard to guess."
        />
        <Field
          label="The same again"
          name="again"
          type="password"
          autoComplete="new-password"
          minLength={12}
        />
        <button type="submit" className="primary" disabled={busy}>
          Sign up
        </button>
      </form>
      {error === null ? null : <Problem error={error} />}
    </>
  );
}
