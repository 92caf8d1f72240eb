import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { FindingRows } from "../../../src/api/views/finding-metrics.ts";
import type { FindingSummary } from "../../../src/api/views/finding.ts";
import type { FindingSearch } from "../api/finding-queries.ts";
import { Badge, Severity, type Tone } from "./status.tsx";

const statusTones: Readonly<Record<FindingSummary["status"], Tone>> = {
  open: "bad",
  triaged: "wait",
  "in-progress": "busy",
  fixed: "wait",
  verified: "good",
  closed: "good",
  "false-positive": "quiet",
};

export function FindingStatus({ status }: { readonly status: FindingSummary["status"] }) {
  return <Badge tone={statusTones[status] ?? "quiet"}>{status.replaceAll("-", " ")}</Badge>;
}

/** Where its risk is accepted; nothing where it is nowhere. */
export function Accepted({ finding }: { readonly finding: Pick<FindingSummary, "accepted"> }) {
  const places = [...new Set(finding.accepted.map(({ environment }) => environment))];
  if (places.length === 0) return null;
  return <Badge tone="warn">risk accepted in {places.join(", ")}</Badge>;
}

// The schemas themselves would bring their library along; their types keep these complete.
export const severities: readonly FindingSummary["severity"][] = [
  "critical",
  "high",
  "medium",
  "low",
  "info",
];
export const statuses = Object.keys(statusTones);
const kindNames: Readonly<Record<FindingSummary["kind"], true>> = {
  code: true,
  dependency: true,
  license: true,
  secret: true,
  web: true,
  infrastructure: true,
  network: true,
  host: true,
  runtime: true,
  test: true,
  report: true,
};
export const kinds = Object.keys(kindNames);

/** A severity that no tool stated counts as the worst, and says so. */
export function HowBad({ finding }: { readonly finding: FindingSummary }) {
  return (
    <>
      <Severity severity={finding.severity} />
      {finding.severityStated ? null : <span className="muted"> not stated</span>}
      {finding.knownExploited === true ? <div className="muted">known exploited</div> : null}
    </>
  );
}

export function placeOf(place: FindingSummary["place"]): string {
  switch (place.kind) {
    case "file":
      return place.line === undefined ? place.path : `${place.path}:${place.line}`;
    case "package":
      return `${place.name} ${place.version}${place.path === undefined ? "" : ` (${place.path})`}`;
    case "http":
      return `${place.method} ${place.route}${place.parameter === undefined ? "" : ` (${place.parameter})`}`;
    case "port":
      return `${place.host}:${place.port}/${place.protocol}`;
    case "resource":
      return place.name;
  }
}

/** `12 min`, `7 h`, `12 days`; under a minute is one. */
export function spanOf(ms: number): string {
  // Ages are counted in whole hours.
  if (ms === 0) return "under 1 h";
  if (ms < 3_600_000) return `${Math.max(1, Math.round(ms / 60_000))} min`;
  if (ms < 2 * 86_400_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} days`;
}

export function Age({ since }: { readonly since: string }) {
  return (
    <time dateTime={since} title={since}>
      {spanOf(Math.max(0, Date.now() - Date.parse(since)))}
    </time>
  );
}

export function Due({ finding }: { readonly finding: FindingSummary }) {
  const { due, paused, overdue } = finding;
  if (due === null) return <span className="muted">none</span>;
  if (paused !== null) return <Badge tone="wait">paused</Badge>;
  const away = spanOf(Math.abs(Date.parse(due) - Date.now()));
  if (overdue) return <Badge tone="bad">{away} late</Badge>;
  return (
    <time dateTime={due} title={due}>
      {Date.parse(due) < Date.now() ? `${away} ago` : `in ${away}`}
    </time>
  );
}

export function LiveIn({ environments }: { readonly environments: readonly string[] }) {
  if (environments.length === 0) return <span className="muted">nowhere</span>;
  return <>{environments.join(", ")}</>;
}

/** A number, and the way to the rows that it counts. */
export function Rows({
  rows,
  children,
}: {
  readonly rows: FindingRows;
  readonly children: ReactNode;
}) {
  return (
    <Link to="/findings" search={rows as FindingSearch}>
      {children}
    </Link>
  );
}

/** Only what a browser may open: reports bring addresses of any scheme. */
export function webAddress(text: string): string | null {
  try {
    const { protocol, href } = new URL(text);
    return protocol === "https:" || protocol === "http:" ? href : null;
  } catch {
    return null;
  }
}
