import type { PromotionView } from "../../../src/api/views.ts";
import { Observations, RawReport, Suppressions } from "./check-details.tsx";
import { State } from "../parts/status.tsx";
import { Took } from "../parts/when.tsx";

type Run = PromotionView["checks"][number];

export function Checks({ checks }: { readonly checks: readonly Run[] }) {
  return (
    <section aria-labelledby="checks">
      <h2 id="checks">Checks</h2>
      {checks.length === 0 ? <p className="muted">No check ran yet.</p> : null}
      {checks.map((run) => (
        <CheckRun key={run.id} run={run} />
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
      <Observations observations={report.observations ?? []} counts={report.counts ?? {}} />
      <Suppressions suppressions={report.suppressions ?? []} />
      {report.raw === undefined ? null : <RawReport run={run} raw={report.raw} />}
    </details>
  );
}
