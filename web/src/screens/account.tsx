import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { OwnAccountView, SessionView } from "../../../src/api/routes/accounts.ts";
import {
  accountQuery,
  changePassword,
  endEverywhere,
  endOne,
  removeTotp,
  sessionsQuery,
} from "../api/accounts.ts";
import { passkeysQuery } from "../api/passkey-queries.ts";
import { queryClient } from "../api/queries.ts";
import { Answer, Problem } from "../parts/answer.tsx";
import { Field } from "../parts/field.tsx";
import { Foreign } from "../parts/foreign.tsx";
import { Page } from "../parts/page.tsx";
import { When } from "../parts/when.tsx";
import { useSignedIn } from "../session.ts";
import { useForm } from "./sign-in.tsx";
import { MadeByOthers } from "./made-by-others.tsx";
import { SetUpApp } from "./totp-setup.tsx";

/** What one signs in with, and where one is signed in. */
export function Account() {
  const who = useSignedIn();
  return (
    <Page title="Account">
      {who.kind === "session" ? (
        <Own />
      ) : (
        <p>
          This tab uses a token. Who signs in with a name and a password, a passkey or a provider
          sees here what they sign in with, and where they are signed in.
        </p>
      )}
    </Page>
  );
}

function Own() {
  const account = useQuery(accountQuery);
  const sessions = useQuery(sessionsQuery);
  return (
    <>
      <Answer query={account}>
        {(view) => <Factors account={view} now={sessions.data?.items.find((one) => one.current)} />}
      </Answer>
      <MadeByOthers />
      <section>
        <h2>Devices</h2>
        <Answer query={sessions}>{({ items }) => <Devices items={items} />}</Answer>
      </section>
    </>
  );
}

const refresh = () => {
  void queryClient.invalidateQueries({ queryKey: ["account"] });
  void queryClient.invalidateQueries({ queryKey: ["sessions"] });
};

/** What the app is to whoever is here: needed, or not beside a passkey or a provider. */
function aboutApp(
  { totp, recoveryCodes }: OwnAccountView,
  passkeys: number,
  now: SessionView | undefined,
): string {
  if (totp) return `Set up; ${recoveryCodes} recovery codes are left.`;
  const by = new Set(now?.methods ?? []);
  if (by.has("passkey")) {
    return "Not set up, and not needed: you signed in with a passkey. With your password alone you would read, and change nothing."; // prettier-ignore
  }
  if (by.has("oidc")) return "Not set up, and not needed: your provider asks for what it asks.";
  return passkeys > 0
    ? "Not set up. This time you signed in without your passkey, so you may read, and change nothing: sign out, and sign in with it." // prettier-ignore
    : "Not set up. With a password alone you may read, and change nothing: set up an app, or add a passkey and sign in with it."; // prettier-ignore
}

function Factors({
  account,
  now,
}: {
  readonly account: OwnAccountView;
  readonly now: SessionView | undefined;
}) {
  const passkeys = useQuery(passkeysQuery);
  const own = passkeys.data?.items.filter(({ use }) => use === "sign-in").length ?? 0;
  const [settingUp, setSettingUp] = useState(false);
  const [error, setError] = useState<unknown>(null);
  return (
    <>
      <p>
        You are <strong>{account.name}</strong>.
        {account.failedTries > 0
          ? ` ${account.failedTries} sign-ins under your name failed within a day.`
          : null}
      </p>
      <section>
        <h2>Authenticator app</h2>
        {settingUp ? (
          <div className="narrow">
            <SetUpApp
              onDone={() => {
                setSettingUp(false);
                refresh();
              }}
            />
          </div>
        ) : (
          <>
            <p>{aboutApp(account, own, now)}</p>
            <p className="row">
              <button type="button" onClick={() => setSettingUp(true)}>
                {account.totp ? "Set up another one" : "Set up"}
              </button>
              {account.totp ? (
                <button
                  type="button"
                  onClick={() => {
                    setError(null);
                    removeTotp().then(refresh, setError);
                  }}
                >
                  Remove
                </button>
              ) : null}
            </p>
            {error === null ? null : <Problem error={error} />}
          </>
        )}
      </section>
      <section>
        <h2>Passkeys</h2>
        <p>
          {own === 0 ? "None signs you in. " : `${own} sign${own === 1 ? "s" : ""} you in. `}
          <Link to="/passkeys">See and add passkeys</Link>
        </p>
      </section>
      <Password has={account.password} />
    </>
  );
}

function Password({ has }: { readonly has: boolean }) {
  const [done, setDone] = useState(false);
  const { error, busy, submit } = useForm(async (data) => {
    const field = (name: string) => String(data.get(name) ?? "");
    if (field("next") !== field("again")) throw new Error("the two passwords are not the same");
    await changePassword(field("current"), field("next"));
    setDone(true);
    refresh();
  });
  return (
    <section>
      <h2>Password</h2>
      {done ? <p role="status">Changed. Every other session has ended.</p> : null}
      <form onSubmit={submit} className="narrow">
        {has ? (
          <Field label="Until now" name="current" type="password" autoComplete="current-password" />
        ) : null}
        <Field
          label="From now on"
          name="next"
          type="password"
          autoComplete="new-password"
          minLength={12}
        />
        <Field
          label="The same again"
          name="again"
          type="password"
          autoComplete="new-password"
          minLength={12}
        />
        <button type="submit" disabled={busy}>
          Change password
        </button>
        {error === null ? null : <Problem error={error} />}
      </form>
    </section>
  );
}

/** Networks of loopback. */
const onThisMachine = new Set(["0:0:0::/48", "127.0.0.0/24"]);

function Devices({ items }: { readonly items: readonly SessionView[] }) {
  const [error, setError] = useState<unknown>(null);
  return (
    <>
      <div className="scroll" role="group" aria-label="Devices" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Program</th>
              <th scope="col">Network</th>
              <th scope="col">Signed in by</th>
              <th scope="col">Since</th>
              <th scope="col">Last seen</th>
              <th scope="col">
                <span className="hidden">Action</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {items.map((one) => (
              <tr key={one.id}>
                <th scope="row">
                  <Foreign text={one.program} />
                </th>
                <td>{onThisMachine.has(one.place) ? "this machine" : one.place}</td>
                <td>{one.methods.join(", ")}</td>
                <td>
                  <When at={one.signedInAt} />
                </td>
                <td>
                  <When at={one.lastSeenAt} />
                </td>
                <td>
                  {one.current ? (
                    "this one"
                  ) : (
                    <button
                      type="button"
                      aria-label={`End ${one.program} since ${one.signedInAt}`}
                      onClick={() => {
                        setError(null);
                        endOne(one.id).then(refresh, setError);
                      }}
                    >
                      End
                    </button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p>
        <button type="button" onClick={() => void endEverywhere().catch(setError)}>
          Sign out everywhere
        </button>
      </p>
      {error === null ? null : <Problem error={error} />}
    </>
  );
}
