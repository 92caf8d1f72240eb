import { useState } from "react";
import type { ManualAnswers, ManualForm, SessionFinding } from "../../../src/model/manual-check.ts";
import { Foreign } from "../parts/foreign.tsx";

type Session = Extract<ManualAnswers, { kind: "session" }>;
type Form = Extract<ManualForm, { kind: "session" }>;

export function emptySession(): Session {
  return { kind: "session", minutes: 0, covered: [], findings: [] };
}

/** How long somebody looked, at what, and what they found. */
export function SessionFields({
  form,
  answers,
  set,
}: {
  readonly form: Form;
  readonly answers: Session;
  readonly set: (answers: ManualAnswers) => void;
}) {
  const [ticked, setTicked] = useState<readonly string[]>([]);
  const [more, setMore] = useState("");
  const cover = (areas: readonly string[], text: string) => {
    setTicked(areas);
    setMore(text);
    const others = text.split("\n").map((one) => one.trim());
    const covered = [...areas, ...others].filter((one) => one !== "");
    set({ ...answers, covered: [...new Set(covered)] });
  };
  return (
    <>
      <p>
        Charter: <Foreign text={form.charter} most={2_000} />
      </p>
      <label>
        Minutes that you spent, at most {form.timeBox / 60_000}
        {form.atLeast > 0 ? ` and at least ${form.atLeast / 60_000}` : ""}{" "}
        <input
          type="number"
          min={1}
          max={Math.floor(form.timeBox / 60_000)}
          onChange={(event) =>
            set({ ...answers, minutes: Math.floor(Number(event.currentTarget.value)) || 0 })
          }
        />
      </label>
      {form.areas.length === 0 ? null : (
        <fieldset>
          <legend>I looked at</legend>
          {form.areas.map((area) => (
            <label key={area}>
              <input
                type="checkbox"
                onChange={({ currentTarget: { checked } }) =>
                  cover(
                    form.areas.filter((one) => (one === area ? checked : ticked.includes(one))),
                    more,
                  )
                }
              />{" "}
              <Foreign text={area} most={200} />
            </label>
          ))}
        </fieldset>
      )}
      <label>
        {form.areas.length === 0 ? "What you looked at" : "What else you looked at"}; one a line
        <textarea rows={3} onChange={(event) => cover(ticked, event.currentTarget.value)} />
      </label>
      <Findings
        findings={answers.findings}
        change={(findings) => set({ ...answers, findings: [...findings] })}
      />
      <label>
        Notes (if there is something to say)
        <textarea
          rows={3}
          maxLength={8_000}
          onChange={({ currentTarget: { value } }) => {
            const { notes: _before, ...rest } = answers;
            set(value.trim() === "" ? rest : { ...rest, notes: value.trim() });
          }}
        />
      </label>
    </>
  );
}

const severities = ["critical", "high", "medium", "low", "info"] as const;
const fresh: SessionFinding = { severity: "high", title: "", place: "", description: "" };

function Findings({
  findings,
  change,
}: {
  readonly findings: readonly SessionFinding[];
  readonly change: (findings: readonly SessionFinding[]) => void;
}) {
  const at = (index: number, changed: Partial<SessionFinding>) =>
    change(findings.map((one, place) => (place === index ? { ...one, ...changed } : one)));
  return (
    <>
      {findings.map((finding, index) => (
        // Nothing moves between them: a place is a key.
        <fieldset key={index} className="item">
          <legend>Finding {index + 1}</legend>
          <label>
            Severity{" "}
            <select
              value={finding.severity}
              onChange={(event) =>
                at(index, { severity: event.currentTarget.value as SessionFinding["severity"] })
              }
            >
              {severities.map((one) => (
                <option key={one} value={one}>
                  {one}
                </option>
              ))}
            </select>
          </label>
          {(["title", "place"] as const).map((field) => (
            <label key={field}>
              {field === "title" ? "What it is" : "Where"}{" "}
              <input
                size={50}
                maxLength={300}
                value={finding[field]}
                onChange={(event) => at(index, { [field]: event.currentTarget.value })}
              />
            </label>
          ))}
          <label>
            What happens
            <textarea
              rows={3}
              maxLength={8_000}
              onChange={(event) => at(index, { description: event.currentTarget.value })}
            />
          </label>
        </fieldset>
      ))}
      <p className="row">
        <button type="button" onClick={() => change([...findings, fresh])}>
          Add a finding
        </button>{" "}
        {findings.length === 0 ? null : (
          <button type="button" onClick={() => change(findings.slice(0, -1))}>
            Take the last one away
          </button>
        )}
      </p>
    </>
  );
}
