import { useMemo, useState } from "react";
import type { ApprovalMine, ApprovalView } from "../../../src/api/routes/approvals.ts";
import type { ApprovalAnswer } from "../../../src/model/approval.ts";
import { answerApproval } from "../api/approval-queries.ts";
import { queryClient } from "../api/queries.ts";
import { ReadThenSign } from "../parts/read-then-sign.tsx";
import { compared, prepare } from "../passkeys/approve.ts";
import { nobody } from "../passkeys/sign.ts";

type Purpose = ApprovalAnswer["purpose"];

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
  const asRole = mine.roles.find((one) => one.role === role);
  const against = asRole?.against ?? null;
  const reject = purpose === "reject";
  return (
    <ReadThenSign
      prepared={prepare(view, answer)}
      signer={{ ...mine, against: null }}
      open={view.state === "open"}
      problem={problem}
      missing={reject && answer.reason === "" ? ["write the reason for the rejection"] : []}
      against={against}
      anyKey={reject}
      wayOut={against === null ? null : (asRole?.wayOut ?? null)}
      noun="approval"
      otherwise="You may still reject it."
      verb={reject ? "Reject" : "Approve"}
      done="You have answered it, and the first answer stands."
      handIn={async (signed) => {
        queryClient.setQueryData(["approval", view.id], await answerApproval(view.id, signed));
      }}
      command={[
        `tidelock approval show ${view.id.slice(0, 12)} --person ${answer.person} --role ${role}`,
        ...(reject ? ["--reject"] : []),
        ...(answer.reason === "" ? [] : ["--reason …"]),
      ]}
      digests={digests}
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
              onChange={() => setPurpose(one)}
            />{" "}
            {one === "approve" ? "Approve it" : "Reject it: the promotion is denied"}
          </label>
        ))}
      </fieldset>
      <label>
        As{" "}
        <select value={role} onChange={(event) => setRole(event.currentTarget.value)}>
          {mine.roles.map((one) => (
            <option key={one.role} value={one.role}>
              {one.role}
              {one.against === null ? "" : " (would not count)"}
            </option>
          ))}
        </select>
      </label>
      <label>
        Reason{reject ? " (needed)" : " (if there is something to say)"}
        <textarea
          rows={3}
          maxLength={2_000}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
      </label>
    </ReadThenSign>
  );
}

function firstRole(mine: ApprovalMine, view: ApprovalView): string {
  const open = mine.roles.find(({ against }) => against === null) ?? mine.roles[0];
  return open?.role ?? view.asked.asks[0]?.roles[0] ?? "";
}
