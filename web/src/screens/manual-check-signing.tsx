import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { ManualRequestView } from "../../../src/api/routes/manual.ts";
import type { SignerView } from "../../../src/model/signer-view.ts";
import type { ManualAnswers } from "../../../src/model/manual-check.ts";
import { answerCheck, beginSession } from "../api/manual-queries.ts";
import { queryClient } from "../api/queries.ts";
import { Problem } from "../parts/answer.tsx";
import { ReadThenSign } from "../parts/read-then-sign.tsx";
import { When } from "../parts/when.tsx";
import { missingIn, otherQuestions, prepareAnswer } from "../passkeys/answer-check.ts";
import { nobody } from "../passkeys/sign.ts";
import { ChecklistFields, emptyChecklist } from "./manual-checklist.tsx";
import { emptySession, SessionFields } from "./manual-session.tsx";

/** The questions of a manual check with room for answers, and the signature under them. */
export function ManualCheckSigning({
  view,
  mine,
}: {
  readonly view: ManualRequestView;
  readonly mine: SignerView;
}) {
  const { form } = view;
  const [answers, set] = useState<ManualAnswers>(() =>
    form.kind === "checklist" ? emptyChecklist() : emptySession(),
  );
  const ranMs = useRanMs(view);
  const open = view.state === "open";
  if (open && form.kind === "session" && view.begunAt === null) {
    return <Begin view={view} may={mine.may} />;
  }
  const person = mine.person?.person ?? nobody;
  const id = view.id.slice(0, 12);
  return (
    <ReadThenSign
      prepared={prepareAnswer(view, person, answers)}
      signer={mine}
      open={open}
      problem={otherQuestions(view)}
      missing={missingIn(view, answers, ranMs)}
      against={mine.against}
      noun="answer"
      verb="Sign these answers"
      done="You have answered it, and the first answer stands."
      handIn={async (signed) => {
        queryClient.setQueryData(["manual-check", view.id], await answerCheck(view.id, signed));
      }}
      file={{ name: "answers.json", content: JSON.stringify(answers, null, 2) }}
      command={[`tidelock check answer ${id} --file answers.json --person ${person}`]}
    >
      {view.begunAt === null ? null : (
        <p>
          The session began <When at={view.begunAt} />.
        </p>
      )}
      {form.kind === "checklist" && answers.kind === "checklist" ? (
        <ChecklistFields form={form} answers={answers} set={set} />
      ) : null}
      {form.kind === "session" && answers.kind === "session" ? (
        <SessionFields form={form} answers={answers} set={set} />
      ) : null}
    </ReadThenSign>
  );
}

/** Milliseconds since a session was begun, by the server's clock when it answered and by this page's since. */
function useRanMs({ begunAt, ranMs }: ManualRequestView): number | null {
  const [since] = useState(() => Date.now());
  const [now, setNow] = useState(since);
  useEffect(() => {
    if (begunAt === null) return undefined;
    const timer = setInterval(() => setNow(Date.now()), 5_000);
    return () => clearInterval(timer);
  }, [begunAt]);
  return begunAt === null ? null : (ranMs ?? 0) + now - since;
}

function Begin({ view, may }: { readonly view: ManualRequestView; readonly may: boolean }) {
  const mutation = useMutation({
    mutationFn: () => beginSession(view.id),
    onSuccess: async (begun) => {
      queryClient.setQueryData(["manual-check", view.id], begun);
      await queryClient.invalidateQueries();
    },
  });
  return (
    <section aria-labelledby="begin">
      <h2 id="begin">Begin</h2>
      <p>
        The time of the session counts from here on, by the server's clock. While it runs, the
        environment is this check's alone.
      </p>
      <button
        type="button"
        className="primary"
        disabled={!may || mutation.isPending}
        onClick={() => mutation.mutate()}
      >
        Begin the session
      </button>
      {may ? null : <p className="callout">No role of yours lets you begin it.</p>}
      {mutation.error === null ? null : <Problem error={mutation.error} />}
    </section>
  );
}
