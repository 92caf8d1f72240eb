import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ManualRequestView } from "../../../src/api/routes/manual.ts";
import { askedQuery } from "../api/queries.ts";
import { Foreign } from "../parts/foreign.tsx";
import { Severity, State } from "../parts/status.tsx";
import { When } from "../parts/when.tsx";

/** What people were asked, and what they answered. */
export function Asked({ promotion }: { readonly promotion: string }) {
  const { data } = useQuery(askedQuery(promotion));
  if (data === undefined || data.items.length === 0) return null;
  return (
    <section aria-labelledby="asked">
      <h2 id="asked">People</h2>
      {data.items.map((request) => (
        <Request key={request.id} request={request} />
      ))}
    </section>
  );
}

const states = { open: "waiting", answered: "done", expired: "missing", ended: "skipped" } as const;

/** One of them, with the answer once there is one. */
export function Request({
  request,
  alone = false,
}: {
  readonly request: ManualRequestView;
  /** It is what the page is about. */
  readonly alone?: boolean;
}) {
  const { form, answer } = request;
  return (
    <details className="check" open={alone || request.state === "open"}>
      <summary>
        <State state={states[request.state]} /> <strong>{request.check}</strong>{" "}
        <span className="muted">
          ({form.kind}, for the role {request.role})
        </span>
      </summary>
      {request.state === "open" ? <Open request={request} /> : null}
      {form.kind === "session" ? (
        <p>
          Charter: <Foreign text={form.charter} most={2_000} />
        </p>
      ) : null}
      {answer === null ? null : <Given answer={answer} />}
      {form.kind === "checklist" ? (
        <Items form={form} answers={answer?.answers ?? null} />
      ) : (
        <Findings answers={answer?.answers ?? null} />
      )}
    </details>
  );
}

function Open({ request }: { readonly request: ManualRequestView }) {
  const { holders } = request;
  return (
    <>
      <p className="callout">
        {holders.length === 0 ? (
          <>Nobody holds the role {request.role} here yet. </>
        ) : (
          <>
            <Foreign text={holders.join(", ")} /> may answer,{" "}
          </>
        )}
        until <When at={request.answerUntil} />.{" "}
        <Link to="/manual-checks/$id" params={{ id: request.id }}>
          Answer it here
        </Link>
        , or on the command line:
      </p>
      <pre>
        {request.form.kind === "session" && request.begunAt === null
          ? `tidelock check begin ${request.id.slice(0, 12)}\n`
          : ""}
        tidelock check answer {request.id.slice(0, 12)} --key &lt;your key&gt;
      </pre>
      {request.begunAt === null ? null : (
        <p>
          The session began <When at={request.begunAt} />.
        </p>
      )}
    </>
  );
}

type Answer = NonNullable<ManualRequestView["answer"]>;

function Given({ answer }: { readonly answer: Answer }) {
  return (
    <dl className="inline">
      <dt>Answered</dt>
      <dd>
        <When at={answer.answeredAt} /> by{" "}
        <Foreign text={answer.name ?? "somebody who was erased"} />
      </dd>
      <dt>Counts until</dt>
      <dd>
        <When at={answer.validUntil} />
      </dd>
      <dt>Own work</dt>
      <dd>
        <Foreign text={answer.separation} />
      </dd>
      <dt>Signed</dt>
      <dd>
        <code className="digest">{answer.digest}</code>
      </dd>
      {answer.reuses === null ? null : (
        <>
          <dt>Used again</dt>
          <dd>
            the answer to <code>{answer.reuses}</code>
          </dd>
        </>
      )}
    </dl>
  );
}

function Items({
  form,
  answers,
}: {
  readonly form: Extract<ManualRequestView["form"], { kind: "checklist" }>;
  readonly answers: Answer["answers"];
}) {
  const given = answers?.kind === "checklist" ? answers.items : [];
  return (
    <ul className="results">
      {form.items.map((item) => {
        const answer = given.find(({ id }) => id === item.id);
        const said = [answer?.comment ?? "", ...(answer?.evidence ?? [])].filter(Boolean);
        return (
          <li key={item.id}>
            {answer === undefined ? null : <Result result={answer.result} />}{" "}
            <Foreign text={item.text} most={1_000} />{" "}
            <span className="muted">
              <Foreign text={said.join("; ")} most={4_000} />
            </span>
          </li>
        );
      })}
    </ul>
  );
}

/** What does not apply was not looked at, and is no pass. */
function Result({ result }: { readonly result: "pass" | "fail" | "not-applicable" }) {
  return result === "not-applicable" ? (
    <span className="muted">not applicable</span>
  ) : (
    <State state={result} />
  );
}

function Findings({ answers }: { readonly answers: Answer["answers"] }) {
  if (answers?.kind !== "session") return null;
  return (
    <>
      <p>
        {answers.minutes} minutes; looked at:{" "}
        <Foreign text={answers.covered.join(", ")} most={2_000} />
      </p>
      {answers.findings.length === 0 ? <p>Nothing was found.</p> : null}
      <ul className="results">
        {answers.findings.map((finding, index) => (
          // An answer never changes, so a place in it is a key.
          <li key={index}>
            <Severity severity={finding.severity} /> <Foreign text={finding.title} />{" "}
            <code>
              <Foreign text={finding.place} />
            </code>
            <br />
            <span className="muted">
              <Foreign text={finding.description} most={2_000} />
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
