import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import type { ApprovalMine, ApprovalView } from "../../../src/api/routes-approvals.ts";
import type { ApprovalAnswer } from "../../../src/model/approval.ts";
import { answerApproval } from "../api/approval-queries.ts";
import { queryClient } from "../api/queries.ts";
import { Problem } from "../parts/answer.tsx";
import { Foreign, foreignLines } from "../parts/foreign.tsx";
import { Badge } from "../parts/status.tsx";
import {
  challengeText,
  compared,
  prepare,
  type Prepared,
  signWithPasskey,
} from "../passkeys/approve.ts";
import { whyNoPasskeys } from "../passkeys/browser.ts";

type Purpose = ApprovalAnswer["purpose"];

const nobody = `person:${"0".repeat(32)}`;

/** What somebody signs, made on this page from what the server sent, and the two answers. */
export function ApprovalSigning({
  view,
  mine,
}: {
  readonly view: ApprovalView;
  readonly mine: ApprovalMine;
}) {
  const { digests, problem } = useMemo(() => compared(view), [view]);
  const [purpose, setPurpose] = useState<Purpose>("approve");
  const [role, setRole] = useState(firstRole(mine, view));
  const [reason, setReason] = useState("");
  const answer: ApprovalAnswer = {
    purpose,
    person: mine.person?.person ?? nobody,
    role,
    reason: reason.trim(),
    notBefore: null,
    expires: null,
  };
  const prepared = prepare(view, answer);
  const open = view.state === "open";
  return (
    <>
      <section aria-labelledby="signed">
        <h2 id="signed">What {open ? "you sign" : "was asked to be signed"}</h2>
        {problem === null ? null : (
          <p className="problem" role="alert">
            <Badge tone="bad">do not sign</Badge> <Foreign text={problem} most={500} />. Sign
            nothing, and ask whoever runs the server.
          </p>
        )}
        <pre className="prose" tabIndex={0} aria-labelledby="signed">
          {foreignLines(prepared.lines.join("\n"))}
        </pre>
        {mine.person === null ? null : (
          <p className="muted">
            {mine.person.person} is you: <Foreign text={mine.person.name ?? ""} most={200} />
          </p>
        )}
      </section>
      {open && problem === null ? (
        <Answering
          view={view}
          mine={mine}
          answer={answer}
          prepared={prepared}
          set={{ purpose: setPurpose, role: setRole, reason: setReason }}
        />
      ) : mine.answered ? (
        // A rejection ends the request: who gave it still reads that it was taken.
        <p className="callout">{haveAnswered}</p>
      ) : null}
      <Compare view={view} answer={answer} prepared={prepared} digests={digests} />
    </>
  );
}

const haveAnswered = "You have answered it, and the first answer stands.";

function firstRole(mine: ApprovalMine, view: ApprovalView): string {
  const open = mine.roles.find(({ against }) => against === null) ?? mine.roles[0];
  return open?.role ?? view.asked.asks[0]?.roles[0] ?? "";
}

interface Setting {
  readonly purpose: (purpose: Purpose) => void;
  readonly role: (role: string) => void;
  readonly reason: (reason: string) => void;
}

function Answering({
  view,
  mine,
  answer,
  prepared,
  set,
}: {
  readonly view: ApprovalView;
  readonly mine: ApprovalMine;
  readonly answer: ApprovalAnswer;
  readonly prepared: Prepared;
  readonly set: Setting;
}) {
  const { purpose, role } = answer;
  const here = mine.passkeys.filter(({ origins }) => origins.includes(location.origin));
  const asRole = mine.roles.find((one) => one.role === role);
  const against = asRole?.against ?? null;
  const wayOut = against === null ? null : (asRole?.wayOut ?? null);
  const keyAgainst = here.every((one) => one.against !== null) ? (here[0]?.against ?? null) : null;
  const mutation = useMutation({
    mutationFn: async () => {
      // What would not count is not asked to sign, unless no key would.
      const fitting = here.filter((one) => purpose === "reject" || one.against === null);
      return answerApproval(view.id, await signWithPasskey(prepared, fitting));
    },
    onSuccess: async (taken) => {
      queryClient.setQueryData(["approval", view.id], taken);
      await queryClient.invalidateQueries();
    },
  });
  const not = whyNot(mine, here.length);
  if (not !== null) {
    return (
      <p className="callout">
        {not} {mine.person === null ? null : <Link to="/passkeys">Your passkeys</Link>}
      </p>
    );
  }
  const standing = purpose === "approve" ? (against ?? keyAgainst) : null;
  const missing = purpose === "reject" && answer.reason === "";
  return (
    <section aria-labelledby="answer">
      <h2 id="answer">Your answer</h2>
      <form
        className="answer"
        onSubmit={(event) => {
          event.preventDefault();
          mutation.mutate();
        }}
      >
        <fieldset>
          <legend>Answer</legend>
          {(["approve", "reject"] as const).map((one) => (
            <label key={one}>
              <input
                type="radio"
                name="purpose"
                value={one}
                checked={purpose === one}
                onChange={() => set.purpose(one)}
              />{" "}
              {one === "approve" ? "Approve it" : "Reject it: the promotion is denied"}
            </label>
          ))}
        </fieldset>
        <label>
          As{" "}
          <select value={role} onChange={(event) => set.role(event.currentTarget.value)}>
            {mine.roles.map((one) => (
              <option key={one.role} value={one.role}>
                {one.role}
                {one.against === null ? "" : " (would not count)"}
              </option>
            ))}
          </select>
        </label>
        <label>
          Reason{purpose === "reject" ? " (needed)" : " (if there is something to say)"}
          <textarea
            rows={3}
            maxLength={2_000}
            onChange={(event) => set.reason(event.currentTarget.value)}
          />
        </label>
        {standing === null ? null : (
          <p className="callout" id="standing">
            Your approval would not count: <Foreign text={standing} most={1_000} />.{" "}
            {wayOut === null ? null : <Foreign text={`What helps: ${wayOut}.`} most={1_000} />}
            {against === null ? "" : " You may still reject it."}
          </p>
        )}
        <div>
          <button
            type="submit"
            className="primary"
            disabled={standing !== null || missing || mutation.isPending}
            {...(standing === null ? {} : { "aria-describedby": "standing" })}
          >
            {purpose === "approve" ? "Approve with passkey" : "Reject with passkey"}
          </button>
        </div>
      </form>
      {mutation.error === null ? null : <Problem error={mutation.error} />}
    </section>
  );
}

/** Why there is nothing to press, with what to do about it; null: there is. */
function whyNot(mine: ApprovalMine, passkeys: number): string | null {
  if (mine.person === null) {
    return "Who is signed in here is no person: sign in as yourself to answer, or sign on the command line.";
  }
  if (!mine.may) return "No role of yours lets you hand in an answer here: it takes approval.sign.";
  if (mine.answered) return haveAnswered;
  const noBrowser = whyNoPasskeys();
  if (noBrowser !== null) return noBrowser;
  if (passkeys > 0) return null;
  return mine.passkeys.length > 0
    ? "Your passkeys for approvals were enrolled under another address of this server. Open it there, or enrol one here."
    : "You have no passkey for approvals. Add one, or sign with a key file on the command line.";
}

/** A browser has no trusted display: whoever doubts this page lets another machine say what has to come out. */
function Compare({
  view,
  answer,
  prepared,
  digests,
}: {
  readonly view: ApprovalView;
  readonly answer: ApprovalAnswer;
  readonly prepared: Prepared;
  readonly digests: ReturnType<typeof compared>["digests"];
}) {
  const { person, role, purpose, reason } = answer;
  const words = [
    `tidelock approval show ${view.id.slice(0, 12)} --person ${person} --role ${role}`,
    ...(purpose === "reject" ? ["--reject"] : []),
    ...(reason === "" ? [] : ["--reason …"]),
  ];
  return (
    <details className="why">
      <summary>Compare it on another machine</summary>
      <p>
        This page computed everything below itself. A page can lie all the same: on a machine that
        you trust more, this has to print the same text and the same challenge.
      </p>
      <pre tabIndex={0} aria-label="Command">
        {words.join(" ")}
      </pre>
      <dl className="inline">
        <dt>Request</dt>
        <dd>
          <code className="digest">{view.id}</code>
        </dd>
        <dt>Text</dt>
        <dd>
          <code className="digest">{prepared.text}</code>
        </dd>
        <dt>Challenge</dt>
        <dd>
          <code className="digest" data-challenge>
            {challengeText(prepared)}
          </code>
        </dd>
        {digests.map(({ what, said, here }) => (
          <DigestLine key={what} what={what} same={said === here} here={here} />
        ))}
      </dl>
    </details>
  );
}

function DigestLine({
  what,
  same,
  here,
}: {
  readonly what: string;
  readonly same: boolean;
  readonly here: string;
}) {
  return (
    <>
      <dt>{what}, computed here</dt>
      <dd>
        {same ? <Badge tone="good">the same</Badge> : <Badge tone="bad">another one</Badge>}{" "}
        <code className="digest">{here}</code>
      </dd>
    </>
  );
}
