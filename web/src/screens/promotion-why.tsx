import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { ExplainedPart, GateExplanation } from "../../../src/api/views/gate.ts";
import { explanationQuery } from "../api/queries.ts";
import { Foreign } from "../parts/foreign.tsx";
import { State } from "../parts/status.tsx";
import { When } from "../parts/when.tsx";

/**
 * What each part of the gate read and leaned on, and what would change it. Asked for when somebody opens it: what is not
 * decided yet is decided for that anew.
 */
export function Why({ promotion }: { readonly promotion: string }) {
  const [open, setOpen] = useState(false);
  const { data, error } = useQuery({ ...explanationQuery(promotion), enabled: open });
  return (
    <details className="why" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Why, and what would change it</summary>
      {data === undefined ? (
        <p className="muted">{error ? <Foreign text={error.message} /> : "Gathering …"}</p>
      ) : (
        <Explanation view={data} />
      )}
    </details>
  );
}

function Explanation({ view }: { readonly view: GateExplanation }) {
  return (
    <>
      <p>
        <State state={view.outcome} /> <Foreign text={view.summary} />{" "}
        <span className="muted">
          (<When at={view.at} />)
        </span>
      </p>
      <ul>
        {view.parts.map((part) => (
          <li key={`${part.rule} ${part.message}`}>
            <Part part={part} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Part({ part }: { readonly part: ExplainedPart }) {
  const { outcome, pending, rule, message, from, read, leansOn, next } = part;
  return (
    <>
      <State state={pending ? "pending" : outcome} /> <code>{rule}</code>{" "}
      <span className="muted">({from})</span> <Foreign text={message} />
      {next === null ? null : (
        <p>
          <strong>To do:</strong> <Foreign text={next} />
        </p>
      )}
      {read.length === 0 ? null : (
        <dl className="facts">
          {read.map(({ name, value }) => (
            <div key={name}>
              <dt>
                <Foreign text={name} />
              </dt>
              <dd>
                <Foreign text={value} />
              </dd>
            </div>
          ))}
        </dl>
      )}
      {leansOn.map(({ kind, id, at, text }) => (
        <p className="muted" key={`${kind} ${id}`}>
          leans on {kind} <code className="digest">{id}</code>{" "}
          {at === null ? null : <When at={at} />} <Foreign text={text} />
        </p>
      ))}
    </>
  );
}
