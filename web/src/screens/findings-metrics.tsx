import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { FormEvent, ReactNode } from "react";
import type {
  CountView,
  FindingMetrics,
  RateView,
  SpanView,
} from "../../../src/api/finding-metrics-views.ts";
import { findingsQuery, metricsQuery } from "../api/finding-queries.ts";
import { Answer } from "../parts/answer.tsx";
import {
  Due,
  FindingStatus,
  HowBad,
  kinds,
  LiveIn,
  placeOf,
  Rows,
  spanOf,
} from "../parts/finding-words.tsx";
import { Foreign } from "../parts/foreign.tsx";
import { Page } from "../parts/page.tsx";
import { Badge, Severity } from "../parts/status.tsx";

/** How many, how found, how serious, how long, better or worse. Every number leads to the rows that it counts. */
export function FindingMetricsPage() {
  const filter = useSearch({ from: "/findings/metrics" });
  const navigate = useNavigate({ from: "/findings/metrics" });
  const metrics = useQuery(metricsQuery(filter));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const given = ["service", "kind", "days"].flatMap((name) => {
      const value = String(form.get(name) ?? "").trim();
      return value === "" ? [] : [[name, value]];
    });
    void navigate({ search: Object.fromEntries(given) as typeof filter });
  };
  return (
    <Page title="Findings in numbers" aside={<Link to="/findings">List</Link>}>
      <form className="row" onSubmit={submit} key={JSON.stringify(filter)}>
        <label>
          Service <input name="service" defaultValue={filter.service ?? ""} />
        </label>
        <label>
          Kind{" "}
          <select name="kind" defaultValue={filter.kind ?? ""}>
            <option value="">any</option>
            {kinds.map((kind) => (
              <option key={kind}>{kind}</option>
            ))}
          </select>
        </label>
        <label>
          Days{" "}
          <input
            name="days"
            type="number"
            min={1}
            max={3650}
            defaultValue={filter.days ?? ""}
            placeholder="90"
          />
        </label>
        <button type="submit" className="primary">
          Show
        </button>
        <Link to="/findings/metrics" search={{}}>
          Clear
        </Link>
      </form>
      <Answer query={metrics}>
        {(data) => (
          <>
            <p className="muted">
              Rates, times and weeks are of what happened since {data.from.slice(0, 10)}. Under{" "}
              {data.enough} cases nothing is said.
            </p>
            <div className="numbers">
              <HowMany metrics={data} />
              <Serious filter={filter} />
              <HowFound metrics={data} />
              <HowLong metrics={data} />
              <Trend metrics={data} />
              <Coverage metrics={data} />
            </div>
          </>
        )}
      </Answer>
    </Page>
  );
}

function Section({
  title,
  broad = false,
  children,
}: {
  readonly title: string;
  readonly broad?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <section className={broad ? "broad" : ""}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

interface Row {
  readonly name: ReactNode;
  readonly key: string;
  readonly value: ReactNode;
}

/** A table of names and numbers; the whole of it is its own twin in words. */
function Numbers({ title, rows }: { readonly title: string; readonly rows: readonly Row[] }) {
  if (rows.length === 0) return null;
  return (
    <table>
      <caption>{title}</caption>
      <tbody>
        {rows.map((row) => (
          <tr key={row.key}>
            <th scope="row">{row.name}</th>
            <td className="number">{row.value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Count({ of: { n, rows } }: { readonly of: CountView }) {
  return <Rows rows={rows}>{n.toLocaleString()}</Rows>;
}

function Rate({ of: rate }: { readonly of: RateView }) {
  return (
    <>
      <Rows rows={rate.rows}>{rate.n.toLocaleString()}</Rows> of{" "}
      <Rows rows={rate.ofRows}>{rate.of.toLocaleString()}</Rows>
      {": "}
      {rate.share === null ? (
        <span className="muted">too few to say</span>
      ) : (
        `${(rate.share * 100).toFixed(1)} %`
      )}
    </>
  );
}

function Span({ of: { n, rows, medianMs, p90Ms } }: { readonly of: SpanView }) {
  return (
    <>
      {medianMs === null || p90Ms === null ? (
        <span className="muted">too few to say</span>
      ) : (
        `median ${spanOf(medianMs)}, 90 % within ${spanOf(p90Ms)}`
      )}{" "}
      (<Rows rows={rows}>{n.toLocaleString()}</Rows>)
    </>
  );
}

function counted(items: readonly (CountView & { readonly name: string })[]): Row[] {
  return items.map((one) => ({
    name: <Foreign text={one.name === "-" ? "none" : one.name} most={120} />,
    key: one.name,
    value: <Count of={one} />,
  }));
}

function HowMany({ metrics: { open } }: { readonly metrics: FindingMetrics }) {
  return (
    <Section title="How many are open" broad>
      <div className="numbers tables">
        <Numbers
          title="All"
          rows={[
            { name: "open", key: "open", value: <Count of={open.total} /> },
            { name: "past their date", key: "overdue", value: <Count of={open.overdue} /> },
          ]}
        />
        <Numbers
          title="By severity"
          rows={open.bySeverity.map((one) => ({
            name: <Severity severity={one.name} />,
            key: one.name,
            value: <Count of={one} />,
          }))}
        />
        <Numbers title="By kind" rows={counted(open.byKind)} />
        <Numbers title="By service" rows={counted(open.byService)} />
        <Numbers title="By environment of the first sight" rows={counted(open.byEnvironment)} />
      </div>
    </Section>
  );
}

function Serious({
  filter,
}: {
  readonly filter: { readonly service?: string; readonly kind?: string };
}) {
  const { service, kind } = filter;
  const about = {
    ...(service === undefined ? {} : { service }),
    ...(kind === undefined ? {} : { kind }),
  };
  const findings = useQuery(findingsQuery(about, 10));
  return (
    <Section title="The most serious that are open" broad>
      <Answer query={findings}>
        {({ items }) =>
          items.length === 0 ? (
            <p>Nothing is open.</p>
          ) : (
            <div className="scroll" role="group" aria-label="The most serious" tabIndex={0}>
              <table>
                <thead>
                  <tr>
                    <th scope="col">Finding</th>
                    <th scope="col">Severity</th>
                    <th scope="col">Status</th>
                    <th scope="col">What</th>
                    <th scope="col">Where</th>
                    <th scope="col">Live in</th>
                    <th scope="col">Due</th>
                    <th scope="col">Why</th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((one) => (
                    <tr key={one.id}>
                      <th scope="row">
                        <Link to="/findings/$id" params={{ id: one.id }}>
                          {one.id}
                        </Link>
                      </th>
                      <td>
                        <HowBad finding={one} />
                      </td>
                      <td>
                        <FindingStatus status={one.status} />
                      </td>
                      <td className="what">
                        <Foreign text={one.title} most={120} />
                      </td>
                      <td className="where">
                        <code>
                          <Foreign text={placeOf(one.place)} most={120} />
                        </code>
                      </td>
                      <td>
                        <LiveIn environments={one.liveIn} />
                      </td>
                      <td>
                        <Due finding={one} />
                      </td>
                      <td>
                        <Foreign text={one.priority.why} most={160} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Answer>
    </Section>
  );
}

function HowFound({ metrics: { found } }: { readonly metrics: FindingMetrics }) {
  return (
    <Section title="How they were found" broad>
      {found.tools.length === 0 ? <p>Nothing was found within these days.</p> : null}
      {found.tools.length === 0 ? null : (
        <div className="scroll" role="group" aria-label="Tools" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">Tool</th>
                <th scope="col">Saw</th>
                <th scope="col">Saw first</th>
                <th scope="col">Alone saw</th>
                <th scope="col">False, of what was judged</th>
              </tr>
            </thead>
            <tbody>
              {found.tools.map((one) => (
                <tr key={one.tool}>
                  <th scope="row">
                    <Foreign text={one.tool} most={120} />
                  </th>
                  <td>
                    <Count of={one.found} />
                  </td>
                  <td>
                    <Count of={one.first} />
                  </td>
                  <td>
                    <Rate of={one.only} />
                  </td>
                  <td>
                    <Rate of={one.noise} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Numbers
        title="By stage of the first sight"
        rows={[
          ...counted(found.stages),
          { name: "escaped to production", key: "escaped", value: <Rate of={found.escaped} /> },
        ]}
      />
    </Section>
  );
}

function HowLong({ metrics: { time } }: { readonly metrics: FindingMetrics }) {
  const spans = (items: readonly (SpanView & { readonly severity: string })[]): Row[] =>
    items.map((one) => ({
      name: <Severity severity={one.severity} />,
      key: one.severity,
      value: <Span of={one} />,
    }));
  return (
    <Section title="How long it takes">
      {time.toProduction.length === 0 ? <p>Nothing was closed within these days.</p> : null}
      <Numbers
        title="From the first sight until production ran without it"
        rows={spans(time.toProduction)}
      />
      <Numbers title="How old what is open is" rows={spans(time.openAge)} />
      <Numbers title="By age" rows={counted(time.ages)} />
    </Section>
  );
}

function Trend({ metrics: { trend } }: { readonly metrics: FindingMetrics }) {
  return (
    <Section title="Better or worse">
      <Numbers
        title="Rates"
        rows={[
          { name: "came back", key: "reopened", value: <Rate of={trend.reopened} /> },
          { name: "closed by their date", key: "sla", value: <Rate of={trend.slaKept} /> },
          {
            name: "called false positives, for",
            key: "false",
            value: <Span of={trend.falsePositives} />,
          },
        ]}
      />
      <table>
        <caption>Net flow by week</caption>
        <thead>
          <tr>
            <th scope="col">Week of</th>
            <th scope="col">Found</th>
            <th scope="col">Closed</th>
            <th scope="col">Net</th>
          </tr>
        </thead>
        <tbody>
          {busy(trend.weeks).map((week) => (
            <tr key={week.from}>
              <th scope="row">{week.from.slice(0, 10)}</th>
              <td className="number">
                <Count of={week.opened} />
              </td>
              <td className="number">
                <Count of={week.closed} />
              </td>
              <td className="number">{week.net > 0 ? `+${week.net}` : week.net}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

/** Newest first, back to the first week in which anything happened. */
function busy(weeks: FindingMetrics["trend"]["weeks"]): FindingMetrics["trend"]["weeks"] {
  const first = weeks.findIndex(({ opened, closed }) => opened.n + closed.n > 0);
  return weeks.slice(first === -1 ? weeks.length - 1 : first).toReversed();
}

function Coverage({ metrics: { coverage } }: { readonly metrics: FindingMetrics }) {
  return (
    <Section title="Live releases with a complete, trusted scan" broad>
      {coverage.live.length === 0 ? <p>Nothing is live.</p> : null}
      <Numbers
        title="By kind of scan"
        rows={(coverage.live.length === 0 ? [] : coverage.kinds).map(({ kind, n, of }) => ({
          name: kind,
          key: kind,
          value: (
            <>
              {n} of {of} {n < of ? <Badge tone="wait">gap</Badge> : <Badge tone="good">all</Badge>}
            </>
          ),
        }))}
      />
      <Numbers
        title="By live release"
        rows={coverage.live.map((lane) => ({
          name: `${lane.service}@${lane.release.version ?? lane.release.id} in ${lane.environment}`,
          key: `${lane.service}/${lane.environment}`,
          value:
            lane.scans.length === 0 ? (
              <Badge tone="wait">no scan</Badge>
            ) : (
              <Link to="/findings/imports" search={{ service: lane.service }}>
                {lane.scans
                  .map(({ tool, kinds: seen }) => `${tool} (${seen.join(", ")})`)
                  .join(", ")}
              </Link>
            ),
        }))}
      />
    </Section>
  );
}
