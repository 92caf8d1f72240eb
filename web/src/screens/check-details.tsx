import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { CheckRunView } from "../../../src/api/views.ts";
import { rawReportQuery } from "../api/queries.ts";
import { Answer } from "../parts/answer.tsx";

type Report = NonNullable<CheckRunView["report"]>;
type Observation = NonNullable<Report["observations"]>[number];

/** More than a page can take; the rest is told where to find. */
const mostCharacters = 200_000;

/** What a scanner hit, worst first. */
export function Observations({
  observations,
  counts,
}: {
  readonly observations: readonly Observation[];
  readonly counts: NonNullable<Report["counts"]>;
}) {
  if (observations.length === 0) return null;
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return (
    <table>
      <caption>
        {all} hits{all > observations.length ? `, the worst ${observations.length} of them` : ""}
      </caption>
      <thead>
        <tr>
          <th scope="col">severity</th>
          <th scope="col">where</th>
          <th scope="col">what</th>
        </tr>
      </thead>
      <tbody>
        {observations.map((one, index) => (
          // A report never changes, so a place in it is a key.
          <tr key={index}>
            <td>
              {one.severity}
              {one.suppressed ? " (suppressed)" : ""}
            </td>
            <td>
              <code>{placeOf(one.place)}</code>
            </td>
            <td>
              {one.title} <span className="muted">{one.rule}</span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
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
  return (
    <details>
      <summary>{suppressions.length} requests to look away, none of them granted</summary>
      <ul className="results">
        {suppressions.map((one, index) => (
          <li key={index}>
            <code>{one.line === undefined ? one.path : `${one.path}:${one.line}`}</code>{" "}
            <span className="muted">
              {one.tool}: {one.text}
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
        Raw output ({raw.format}
        {raw.truncated ? ", cut" : ""})
      </summary>
      {"text" in raw ? <Raw text={raw.text} run={run} /> : open ? <LoadedRaw run={run} /> : null}
    </details>
  );
}

function LoadedRaw({ run }: { readonly run: CheckRunView }) {
  const query = useQuery(rawReportQuery(promotionOf(run), run.name));
  return <Answer query={query}>{(text) => <Raw text={text} run={run} />}</Answer>;
}

/** A run's id is `<promotion>/<step>/<name>/<attempt>`. */
function promotionOf(run: CheckRunView): string {
  return run.id.slice(0, run.id.indexOf("/"));
}

function Raw({ text, run }: { readonly text: string; readonly run: CheckRunView }) {
  return (
    <>
      <pre tabIndex={0}>{text.slice(0, mostCharacters)}</pre>
      {text.length > mostCharacters ? (
        <p className="muted">
          The rest:{" "}
          <code>
            tidelock check show {promotionOf(run)} {run.name} --raw
          </code>
        </p>
      ) : null}
    </>
  );
}
