import type { FindingMetrics, SpanView } from "../../../../src/api/views/finding-metrics.ts";
import { Link } from "@tanstack/react-router";
import { spanOf } from "../../parts/finding-words.tsx";
import { Count, counted, Numbers, Rate, type Row, Section, Span } from "../../parts/numbers.tsx";
import { Severity } from "../../parts/status.tsx";

export function HowLong({ metrics: { time } }: { readonly metrics: FindingMetrics }) {
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

export function Trend({ metrics: { trend } }: { readonly metrics: FindingMetrics }) {
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
          {
            name: "accepted risks, for",
            key: "accepted",
            value: (
              <>
                <Span of={trend.acceptedRisks} /> <Oldest of={trend.acceptedRisks.oldest} />
              </>
            ),
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

function Oldest({ of }: { readonly of: FindingMetrics["trend"]["acceptedRisks"]["oldest"] }) {
  if (of === null) return null;
  return (
    <div className="muted">
      the oldest: {spanOf(of.ageMs)},{" "}
      <Link to="/waivers/$id" params={{ id: of.waiver }}>
        {of.waiver}
      </Link>{" "}
      of{" "}
      <Link to="/findings/$id" params={{ id: of.finding }}>
        {of.finding}
      </Link>{" "}
      in {of.environment}
    </div>
  );
}

/** Newest first, back to the first week in which anything happened. */
function busy(weeks: FindingMetrics["trend"]["weeks"]): FindingMetrics["trend"]["weeks"] {
  const first = weeks.findIndex(({ opened, closed }) => opened.n + closed.n > 0);
  return weeks.slice(first === -1 ? weeks.length - 1 : first).toReversed();
}
