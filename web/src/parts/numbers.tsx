import type { ReactNode } from "react";
import type { CountView, RateView, SpanView } from "../../../src/api/views/finding-metrics.ts";
import { Rows, spanOf } from "../parts/finding-words.tsx";
import { Foreign } from "../parts/foreign.tsx";

/** Tables of names and numbers; each number leads to the rows that it counts. */

export function Section({
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

export interface Row {
  readonly name: ReactNode;
  readonly key: string;
  readonly value: ReactNode;
}

/** A table of names and numbers; the whole of it is its own twin in words. */
export function Numbers({
  title,
  rows,
}: {
  readonly title: string;
  readonly rows: readonly Row[];
}) {
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

export function Count({ of: { n, rows } }: { readonly of: CountView }) {
  return <Rows rows={rows}>{n.toLocaleString()}</Rows>;
}

export function Rate({ of: rate }: { readonly of: RateView }) {
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

export function Span({ of: { n, rows, medianMs, p90Ms } }: { readonly of: SpanView }) {
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

export function counted(items: readonly (CountView & { readonly name: string })[]): Row[] {
  return items.map((one) => ({
    name: <Foreign text={one.name === "-" ? "none" : one.name} most={120} />,
    key: one.name,
    value: <Count of={one} />,
  }));
}
