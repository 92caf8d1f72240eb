import type {
  ChecklistItem,
  ItemAnswer,
  ManualAnswers,
  ManualForm,
} from "../../../src/model/manual-check.ts";
import { Foreign } from "../parts/foreign.tsx";

type Checklist = Extract<ManualAnswers, { kind: "checklist" }>;
type Form = Extract<ManualForm, { kind: "checklist" }>;

/** Nothing passes by itself: an item without an answer has none. */
export function emptyChecklist(): Checklist {
  return { kind: "checklist", items: [] };
}

/** Each item with its answers, what it asks besides, and one comment on all. */
export function ChecklistFields({
  form,
  answers,
  set,
}: {
  readonly form: Form;
  readonly answers: Checklist;
  readonly set: (answers: ManualAnswers) => void;
}) {
  const change = (id: string, changed: Partial<ItemAnswer>) => {
    const before = answers.items.find((one) => one.id === id);
    const next = whole({ result: "pass", ...before, ...changed, id });
    const items = form.items.flatMap((item) => {
      const kept = item.id === id ? next : answers.items.find((one) => one.id === item.id);
      return kept === undefined ? [] : [kept];
    });
    set({ ...answers, items });
  };
  return (
    <>
      {form.items.map((item) => (
        <Item
          key={item.id}
          item={item}
          answer={answers.items.find(({ id }) => id === item.id)}
          change={(changed) => change(item.id, changed)}
        />
      ))}
      <label>
        Comment on all of it (if there is something to say)
        <textarea
          rows={2}
          maxLength={4_000}
          onChange={({ currentTarget: { value } }) => {
            const { comment: _before, ...rest } = answers;
            set(value.trim() === "" ? rest : { ...rest, comment: value.trim() });
          }}
        />
      </label>
    </>
  );
}

const results = { pass: "Pass", fail: "Fail", "not-applicable": "Does not apply" } as const;

function Item({
  item,
  answer,
  change,
}: {
  readonly item: ChecklistItem;
  readonly answer: ItemAnswer | undefined;
  readonly change: (changed: Partial<ItemAnswer>) => void;
}) {
  const passes = answer?.result === "pass";
  const needsWords = answer !== undefined && (passes ? item.comment : true);
  return (
    <fieldset className="item">
      <legend>
        <Foreign text={item.text} most={1_000} />{" "}
        <span className="muted">
          ({item.id}, {item.severity} when it fails)
        </span>
      </legend>
      <div className="choices">
        {(["pass", "fail", "not-applicable"] as const)
          .filter((one) => one !== "not-applicable" || item.notApplicable)
          .map((one) => (
            <label key={one}>
              <input
                type="radio"
                name={`result ${item.id}`}
                value={one}
                checked={answer?.result === one}
                onChange={() => change({ result: one })}
              />{" "}
              {results[one]}
            </label>
          ))}
      </div>
      {answer === undefined ? null : (
        <>
          <label>
            {needsWords ? "Why (needed)" : "Comment"} on {item.id}
            <textarea
              rows={2}
              maxLength={4_000}
              onChange={(event) => change({ comment: event.currentTarget.value })}
            />
          </label>
          <label>
            What shows it{passes && item.evidence ? " (needed)" : ""} for {item.id}: a ticket, a
            link, a file's digest; one a line
            <textarea
              rows={2}
              onChange={(event) => change({ evidence: event.currentTarget.value.split("\n") })}
            />
          </label>
        </>
      )}
    </fieldset>
  );
}

/** Without what is empty: it would be signed as if somebody had said something. */
function whole({ id, result, comment = "", evidence = [] }: ItemAnswer): ItemAnswer {
  const shown = evidence.map((one) => one.trim()).filter((one) => one !== "");
  return {
    id,
    result,
    ...(comment.trim() === "" ? {} : { comment: comment.trim() }),
    ...(shown.length === 0 ? {} : { evidence: shown }),
  };
}
