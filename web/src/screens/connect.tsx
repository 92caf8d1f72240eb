import { useState } from "react";
import type { LoginView } from "../../../src/api/routes/accounts.ts";
import { answerLogin, lookAtLogin } from "../api/accounts.ts";
import { Problem } from "../parts/answer.tsx";
import { Field } from "../parts/field.tsx";
import { Foreign } from "../parts/foreign.tsx";
import { Page } from "../parts/page.tsx";
import { When } from "../parts/when.tsx";
import { useForm } from "./sign-in.tsx";

/** A terminal that wants to act in one's name (`tidelock login`). */
export function Connect() {
  const [login, setLogin] = useState<LoginView | null>(null);
  const [answer, setAnswer] = useState<"yes" | "no" | null>(null);
  const { error, busy, submit } = useForm(async (data) => {
    const code = String(data.get("code") ?? "")
      .trim()
      .toUpperCase()
      .replace(/^([A-Z]{4})([A-Z]{4})$/, "$1-$2");
    setLogin(await lookAtLogin(code));
  });
  return (
    <Page title="Let a terminal in">
      {answer !== null ? (
        <p role="status">
          {answer === "yes"
            ? "Done: the terminal is signed in as you. It is in the list of your devices, where you can end it."
            : "Refused. Whoever asked gets nothing."}
        </p>
      ) : login === null ? (
        <form onSubmit={submit} className="narrow">
          <Field
            label="Code that your terminal shows"
            name="code"
            autoComplete="off"
            help="Only a code that you have just asked for yourself, with tidelock login."
          />
          <button type="submit" className="primary" disabled={busy}>
            Go on
          </button>
          {error === null ? null : <Problem error={error} />}
        </form>
      ) : (
        <Confirm login={login} onAnswer={setAnswer} />
      )}
    </Page>
  );
}

function Confirm({
  login,
  onAnswer,
}: {
  readonly login: LoginView;
  readonly onAnswer: (answer: "yes" | "no") => void;
}) {
  const [error, setError] = useState<unknown>(null);
  const say = (yes: boolean) => {
    setError(null);
    answerLogin(login.code, yes).then(() => onAnswer(yes ? "yes" : "no"), setError);
  };
  return (
    <>
      <dl className="inline">
        <dt>Program</dt>
        <dd>
          <Foreign text={login.program} />
        </dd>
        <dt>Network</dt>
        <dd>
          <Foreign text={login.place} />
        </dd>
        <dt>Asked</dt>
        <dd>
          <When at={login.createdAt} />
        </dd>
      </dl>
      <p className="callout">
        It may do everything that you may. If you have not just typed tidelock login yourself, say
        no: somebody wants you to sign them in.
      </p>
      <p className="row">
        <button type="button" className="primary" onClick={() => say(true)}>
          Yes, it is mine
        </button>
        <button type="button" onClick={() => say(false)}>
          No
        </button>
      </p>
      {error === null ? null : <Problem error={error} />}
    </>
  );
}
