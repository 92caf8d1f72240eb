import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import type { CheckRunView } from "../../../src/api/views.ts";
import { rawReportQuery } from "../api/queries.ts";
import { Answer } from "../parts/answer.tsx";
import { Foreign, foreignLines } from "../parts/foreign.tsx";
import { Severity } from "../parts/status.tsx";

type Report = NonNullable<CheckRunView["report"]>;
type Observation = NonNullable<Report["observations"]>[number];

/** More than a page can take; the rest is told where to find. */
const mostCharacters = 200_000;

/** What it exercised, whom it met and what it ran with: what the verdict is worth. */
export function Facts({ run, report }: { readonly run: CheckRunView; readonly report: Report }) {
  const tools = Object.entries(report.tools);
  const data = Object.entries(report.data ?? {});
  return (
    <dl className="inline">
      <dt>Exercised</dt>
      <dd>{exercisedIn(report)}</dd>
      {run.phase === "static" ? null : (
        <>
          <dt>Identity</dt>
          <dd>
            <Identity identity={report.identity} />
          </dd>
        </>
      )}
      {tools.length === 0 ? null : <Named title="Tools" pairs={tools} />}
      {data.length === 0 ? null : <Named title="Data" pairs={data} />}
      <dt>Run</dt>
      <dd>
        <code>{run.id}</code>
      </dd>
    </dl>
  );
}

function exercisedIn({ exercised }: Report): string {
  const kinds = ["requests", "assertions", "files", "routes", "identities"] as const;
  const parts = kinds.flatMap((kind) => {
    const count = exercised[kind] ?? 0;
    return count === 0 ? [] : [`${count} ${kind}`];
  });
  return parts.length === 0 ? "nothing" : parts.join(", ");
}

/** Whom it tested, before, while and after it ran (law 10). */
function Identity({ identity }: { readonly identity: Report["identity"] }) {
  if (identity === undefined) return <>not witnessed</>;
  const { before, during, after, proofs, looks, restarts, contradiction } = identity;
  return (
    <>
      {before} before, {during} while it ran, {after} after it{" "}
      <span className="muted">
        ({proofs} whole proofs and {looks} looks at the sockets meanwhile)
      </span>
      {contradiction === null ? null : (
        <div>
          <strong>Void:</strong> <Foreign text={contradiction} />
        </div>
      )}
      {restarts.map((restart, index) => (
        <div key={index}>
          <Foreign text={restart} />
        </div>
      ))}
    </>
  );
}

function Named({
  title,
  pairs,
}: {
  readonly title: string;
  readonly pairs: readonly (readonly [string, string])[];
}) {
  return (
    <>
      <dt>{title}</dt>
      <dd>
        {pairs.map(([name, value]) => (
          <div key={name}>
            <Foreign text={name} most={100} /> <Foreign text={value} most={200} />
          </div>
        ))}
      </dd>
    </>
  );
}

/** What a scanner hit, worst first. */
export function Observations({
  observations,
  counts,
}: {
  readonly observations: readonly Observation[];
  readonly counts: NonNullable<Report["counts"]>;
}) {
  const id = useId();
  if (observations.length === 0) return null;
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return (
    <div className="scroll" role="group" aria-labelledby={id} tabIndex={0}>
      <table className="hits">
        <caption id={id}>
          {all === 1 ? "1 hit" : `${all} hits`}
          {all > observations.length ? `, the worst ${observations.length} of them` : ""}
        </caption>
        <thead>
          <tr>
            <th scope="col">Severity</th>
            <th scope="col">Where</th>
            <th scope="col">What</th>
          </tr>
        </thead>
        <tbody>
          {observations.map((one, index) => (
            // A report never changes, so a place in it is a key.
            <tr key={index}>
              <td>
                <Severity severity={one.severity} />
                {one.suppressed ? <div className="muted">asked to be overlooked</div> : null}
                {one.unchanged ? <div className="muted">the live release has it too</div> : null}
              </td>
              <td>
                <code>
                  <Foreign text={placeOf(one.place)} most={300} />
                </code>
              </td>
              <td>
                <Foreign text={one.title} />
                <div className="muted">
                  <Foreign text={[one.rule, ...one.aliases].join(", ")} most={300} />
                  {one.fixedIn === undefined ? null : (
                    <>
                      ; repaired in <Foreign text={one.fixedIn} most={60} />
                    </>
                  )}
                </div>
                {one.message === "" || one.message === one.title ? null : (
                  <div className="muted">
                    <Foreign text={one.message} />
                  </div>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function placeOf(place: Observation["place"]): string {
  switch (place.kind) {
    case "file":
      return place.line === undefined ? place.path : `${place.path}:${place.line}`;
    case "package":
      return `${place.name} ${place.version}`;
    case "http":
      return `${place.method} ${place.route}${place.parameter === undefined ? "" : ` (${place.parameter})`}`;
    case "port":
      return `${place.host}:${place.port}/${place.protocol}`;
    case "resource":
      return place.name;
  }
}

/** What in the release asked scanners to look away. */
export function Suppressions({
  suppressions,
}: {
  readonly suppressions: NonNullable<Report["suppressions"]>;
}) {
  if (suppressions.length === 0) return null;
  const many = suppressions.length === 1 ? "1 request" : `${suppressions.length} requests`;
  return (
    <details>
      <summary>{many} to look away, none granted</summary>
      <ul className="results">
        {suppressions.map((one, index) => (
          <li key={index}>
            <code>
              <Foreign
                text={one.line === undefined ? one.path : `${one.path}:${one.line}`}
                most={300}
              />
            </code>{" "}
            <span className="muted">
              {one.tool}: <Foreign text={one.text} />
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** The raw report, asked for when somebody opens it. */
export function RawReport({
  run,
  raw,
}: {
  readonly run: CheckRunView;
  readonly raw: NonNullable<Report["raw"]>;
}) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        Raw report (<Foreign text={raw.format} most={60} />
        {"bytes" in raw ? `, ${raw.bytes.toLocaleString()} bytes` : ""}
        {raw.truncated ? ", cut" : ""})
      </summary>
      {"digest" in raw ? (
        <p className="muted">
          <code className="digest">{raw.digest}</code>
        </p>
      ) : null}
      {"text" in raw ? <Raw text={raw.text} run={run} /> : open ? <LoadedRaw run={run} /> : null}
    </details>
  );
}

function LoadedRaw({ run }: { readonly run: CheckRunView }) {
  const query = useQuery(rawReportQuery(promotionOf(run), run.name));
  return (
    <Answer query={query}>
      {(answer) =>
        answer.run === run.id ? (
          <Raw text={answer.text} run={run} />
        ) : (
          <p className="muted">
            Another attempt came after this one; its raw report stands with it.
          </p>
        )
      }
    </Answer>
  );
}

/** A run's id is `<promotion>/<step>/<name>/<attempt>`. */
function promotionOf(run: CheckRunView): string {
  return run.id.slice(0, run.id.indexOf("/"));
}

function Raw({ text, run }: { readonly text: string; readonly run: CheckRunView }) {
  return (
    <>
      <pre tabIndex={0} role="group" aria-label={`raw report of ${run.name}`} dir="ltr">
        {foreignLines(text.slice(0, mostCharacters))}
      </pre>
      <p className="muted">
        {text.length > mostCharacters ? "This is the beginning. The whole: " : "To keep it: "}
        <code>
          tidelock check show {promotionOf(run)} {run.name} --raw
        </code>
      </p>
    </>
  );
}
