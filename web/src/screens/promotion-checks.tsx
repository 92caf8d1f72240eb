import type { PromotionView } from "../../../src/api/views.ts";
import { State } from "../parts/status.tsx";
import { Took } from "../parts/when.tsx";

type Run = PromotionView["checks"][number];

export function Checks({ checks }: { readonly checks: readonly Run[] }) {
  return (
    <section aria-labelledby="checks">
      <h2 id="checks">Checks</h2>
      {checks.length === 0 ? <p className="muted">No check ran yet.</p> : null}
      {checks.map((run) => (
        <CheckRun key={`${run.name} ${run.startedAt}`} run={run} />
      ))}
    </section>
  );
}

function CheckRun({ run }: { readonly run: Run }) {
  const { report } = run;
  if (report === null) {
    return (
      <p className="check">
        <State state={run.endedAt === null ? "running" : "missing"} /> <strong>{run.name}</strong>{" "}
        <span className="muted">({run.uses})</span>
      </p>
    );
  }
  const { requests, assertions, files } = report.exercised;
  return (
    <details className="check" open={report.verdict !== "pass"}>
      <summary>
        <State state={report.verdict} /> <strong>{run.name}</strong>{" "}
        <span className="muted">
          ({run.uses}, <Took from={run.startedAt} to={run.endedAt} />)
        </span>{" "}
        {report.summary}
      </summary>
      <p className="muted">
        Exercised: {requests} requests, {assertions} assertions, {files} files.{" "}
        {Object.entries(report.tools)
          .map(([tool, version]) => `${tool} ${version}`)
          .join(", ")}
      </p>
      {report.results.length === 0 ? null : (
        <ul className="results">
          {report.results.map((result, index) => (
            // A report never changes, so a place in it is a key.
            <li key={index}>
              <State state={result.verdict} /> {result.name}{" "}
              <span className="muted">{result.message}</span>
            </li>
          ))}
        </ul>
      )}
      {report.raw === undefined ? null : (
        <details>
          <summary>
            Raw output ({report.raw.format}
            {report.raw.truncated ? ", cut" : ""})
          </summary>
          <pre tabIndex={0}>{report.raw.text}</pre>
        </details>
      )}
    </details>
  );
}
