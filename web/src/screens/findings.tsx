import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { FormEvent } from "react";
import type { FindingSummary } from "../../../src/api/views/finding.ts";
import { filterKeys, type FindingSearch, findingsQuery } from "../api/finding-queries.ts";
import { Answer } from "../parts/answer.tsx";
import {
  Accepted,
  Age,
  Due,
  FindingStatus,
  HowBad,
  kinds,
  LiveIn,
  placeOf,
  severities,
  statuses,
} from "../parts/finding-words.tsx";
import { Foreign } from "../parts/foreign.tsx";
import { Page } from "../parts/page.tsx";

/** Fields of the form; what else a number's address narrows to is named beside it. */
const fields = [
  "service",
  "environment",
  "severity",
  "status",
  "state",
  "kind",
  "tool",
  "search",
] as const;

/** All findings of all services, most urgent first. The filter is in the address, so that a list can be shared. */
export function Findings() {
  const filter = useSearch({ from: "/findings" });
  const navigate = useNavigate({ from: "/findings" });
  const findings = useQuery(findingsQuery(filter));
  const more = filterKeys.filter(
    (key) => filter[key] !== undefined && !(fields as readonly string[]).includes(key),
  );

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const search: FindingSearch = Object.fromEntries(more.map((key) => [key, filter[key] ?? ""]));
    for (const name of fields) {
      const value = String(form.get(name) ?? "").trim();
      if (value !== "") search[name] = value;
    }
    void navigate({ search });
  };

  return (
    <Page
      title="Findings"
      aside={
        <span className="row">
          <Link to="/findings/metrics">Numbers</Link>
          <Link to="/waivers">Waivers</Link>
          <Link to="/findings/imports" search={filter.service ? { service: filter.service } : {}}>
            Imports
          </Link>
        </span>
      }
    >
      <form className="row" role="search" onSubmit={submit} key={JSON.stringify(filter)}>
        <label>
          Service <input name="service" size={14} defaultValue={filter.service ?? ""} />
        </label>
        <label>
          Environment <input name="environment" size={14} defaultValue={filter.environment ?? ""} />
        </label>
        <Choice name="severity" title="Severity" value={filter.severity} none="any">
          {severities.map((one) => [one, `${one} and worse`])}
        </Choice>
        <Choice name="status" title="Status" value={filter.status} none="not settled">
          {[["any", "any"], ...statuses.map((one) => [one, one.replaceAll("-", " ")])]}
        </Choice>
        <Choice name="state" title="Risk" value={filter.state} none="any">
          {[
            ["risk-accepted", "accepted"],
            ["not-accepted", "not accepted"],
          ]}
        </Choice>
        <Choice name="kind" title="Kind" value={filter.kind} none="any">
          {kinds.map((one) => [one, one])}
        </Choice>
        <label>
          Tool <input name="tool" size={12} defaultValue={filter.tool ?? ""} />
        </label>
        <label>
          Words <input name="search" size={18} defaultValue={filter.search ?? ""} />
        </label>
        <button type="submit" className="primary">
          Show
        </button>
        <Link to="/findings" search={{}}>
          Clear
        </Link>
      </form>
      {more.length === 0 ? null : (
        <p className="muted">
          Narrowed further to {more.map((key) => `${wordsOf(key)} ${filter[key]}`).join(", ")}.
        </p>
      )}
      <Answer query={findings}>
        {({ items, total, next }) => (
          <>
            <p role="status">{howMany(items.length, total, filter.after !== undefined)}</p>
            {items.length === 0 ? null : <Table items={items} />}
            {next === null ? null : (
              <p>
                <Link to="/findings" search={{ ...filter, after: next }}>
                  More
                </Link>
              </p>
            )}
          </>
        )}
      </Answer>
    </Page>
  );
}

function wordsOf(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function howMany(shown: number, total: number, behind: boolean): string {
  if (total === 0) return "No finding is like that.";
  const all = `${total.toLocaleString()} ${total === 1 ? "finding" : "findings"}`;
  if (shown === total) return `${all}, most urgent first.`;
  return behind ? `${shown} further of ${all}.` : `The ${shown} most urgent of ${all}.`;
}

function Choice({
  name,
  title,
  value,
  none,
  children,
}: {
  readonly name: string;
  readonly title: string;
  readonly value: string | undefined;
  readonly none: string;
  readonly children: readonly (readonly string[])[];
}) {
  const known = children.some(([one]) => one === value);
  return (
    <label>
      {title}{" "}
      <select name={name} defaultValue={value ?? ""}>
        <option value="">{none}</option>
        {value !== undefined && !known ? <option value={value}>{value}</option> : null}
        {children.map(([one, words]) => (
          <option key={one} value={one}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}

function Table({ items }: { readonly items: readonly FindingSummary[] }) {
  return (
    <div className="scroll" role="group" aria-label="Findings" tabIndex={0}>
      <table className="findings">
        <thead>
          <tr>
            <th scope="col">Finding</th>
            <th scope="col">Severity</th>
            <th scope="col">Status</th>
            <th scope="col">What</th>
            <th scope="col">Where</th>
            <th scope="col">Service</th>
            <th scope="col">Tool</th>
            <th scope="col">Age</th>
            <th scope="col">Due</th>
            <th scope="col">Live in</th>
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
                <FindingStatus status={one.status} /> <Accepted finding={one} />
              </td>
              <td className="what">
                <Foreign text={one.title === "" ? one.rule : one.title} most={160} />
                <div className="muted">
                  <Foreign text={one.rule} most={120} />
                </div>
              </td>
              <td className="where">
                <code>
                  <Foreign text={placeOf(one.place)} most={160} />
                </code>
              </td>
              <td>{one.service}</td>
              <td className="tool">
                <Foreign text={one.tools.join(", ")} most={80} />
              </td>
              <td>
                <Age since={one.firstSeen} />
              </td>
              <td>
                <Due finding={one} />
              </td>
              <td>
                <LiveIn environments={one.liveIn} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
