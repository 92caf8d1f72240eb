import type { PromotionView } from "../../../src/api/views.ts";
import { Facts, Observations, RawReport, Suppressions } from "./check-details.tsx";
import { Foreign } from "../parts/foreign.tsx";
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
  const attempt = Number(run.id.slice(run.id.lastIndexOf("/") + 1));
  const about =
    attempt > 1 ? `${run.uses}, ${run.phase}, attempt ${attempt}` : `${run.uses}, ${run.phase}`;
  if (report === null) {
    return (
      <p className="check">
        <State state={run.endedAt === null ? "running" : "missing"} /> <strong>{run.name}</strong>{" "}
        <span className="muted">({about})</span>
      </p>
    );
  }
  return (
    <details className="check" open={report.verdict !== "pass"}>
      <summary>
        <State state={report.verdict} /> <strong>{run.name}</strong>{" "}
        <span className="muted">
          ({about}, <Took from={run.startedAt} to={run.endedAt} />)
        </span>{" "}
        <Foreign text={report.summary} />
      </summary>
      <Facts run={run} report={report} />
      {report.results.length === 0 ? null : (
        <ul className="results">
          {report.results.map((result, index) => (
            // A report never changes, so a place in it is a key.
            <li key={index}>
              <State state={result.verdict} /> <Foreign text={result.name} />{" "}
              <span className="muted">
                <Foreign text={result.message} />
              </span>
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
