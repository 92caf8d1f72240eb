import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { FormEvent } from "react";
import type { ImportView } from "../../../src/api/views/finding.ts";
import { importsQuery } from "../api/finding-queries.ts";
import { Answer } from "../parts/answer.tsx";
import { Foreign } from "../parts/foreign.tsx";
import { Page } from "../parts/page.tsx";
import { Badge } from "../parts/status.tsx";
import { When } from "../parts/when.tsx";

/** Reports that were taken in, newest first: what each came to, and what it may close. */
export function FindingImports() {
  const { service = "" } = useSearch({ from: "/findings/imports" });
  const navigate = useNavigate({ from: "/findings/imports" });
  const imports = useQuery(importsQuery(service));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const named = String(new FormData(event.currentTarget).get("service") ?? "").trim();
    void navigate({ search: named === "" ? {} : { service: named } });
  };
  return (
    <Page title="Imports of findings">
      <form className="row" onSubmit={submit} key={service}>
        <label>
          Service <input name="service" required defaultValue={service} />
        </label>
        <button type="submit" className="primary">
          Show
        </button>
      </form>
      {service === "" ? (
        <p>Name a service.</p>
      ) : (
        <Answer query={imports}>{({ items }) => <Table service={service} items={items} />}</Answer>
      )}
    </Page>
  );
}

function Table({
  service,
  items,
}: {
  readonly service: string;
  readonly items: readonly ImportView[];
}) {
  if (items.length === 0) {
    return (
      <p role="status">
        No report of {service} was taken in yet. To bring one:{" "}
        <code>tidelock findings import report.json --service {service}</code>
      </p>
    );
  }
  return (
    <div className="scroll" role="group" aria-label="Imports" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Import</th>
            <th scope="col">When</th>
            <th scope="col">Tool</th>
            <th scope="col">Release</th>
            <th scope="col">Environment</th>
            <th scope="col">Hits</th>
            <th scope="col">New</th>
            <th scope="col">Reopened</th>
            <th scope="col">Not seen any more</th>
            <th scope="col">Complete</th>
            <th scope="col">Trust</th>
            <th scope="col">Notes</th>
          </tr>
        </thead>
        <tbody>
          {items.map((one) => (
            <tr key={one.id}>
              <th scope="row">{one.id}</th>
              <td>
                <When at={one.at} />
              </td>
              <td className="tool">
                <Foreign text={`${one.tool.name} ${one.tool.version}`} most={80} />
                <div className="muted">
                  <Foreign text={one.subject} most={120} />
                </div>
              </td>
              <td>{one.release === null ? "none" : (one.release.version ?? one.release.id)}</td>
              <td>{one.environment ?? "-"}</td>
              <td>{one.observations.toLocaleString()}</td>
              <td>{one.opened.toLocaleString()}</td>
              <td>{one.reopened.toLocaleString()}</td>
              <td>{one.unseen.toLocaleString()}</td>
              <td>
                <Badge tone={one.complete ? "good" : "wait"}>{one.complete ? "yes" : "no"}</Badge>
              </td>
              <td>
                {one.trust}
                {one.vouchedBy === null ? null : (
                  <div className="muted">
                    <Foreign text={one.vouchedBy} most={120} />
                  </div>
                )}
              </td>
              <td className="what">
                {one.notes.map((note, index) => (
                  <div key={index}>
                    <Foreign text={note} most={300} />
                  </div>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
