import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { FormEvent } from "react";
import type { DeploymentView } from "../../../src/api/views.ts";
import { deploymentsQuery } from "../api/queries.ts";
import { Answer } from "../parts/answer.tsx";
import { More } from "../parts/more.tsx";
import { Page } from "../parts/page.tsx";
import { Colour } from "../parts/status.tsx";
import { When } from "../parts/when.tsx";

/** What ran where, and when. The filter is in the address, so that an answer can be shared. */
export function Deployments() {
  const filter = useSearch({ from: "/deployments" });
  const navigate = useNavigate({ from: "/deployments" });
  const deployments = useQuery(deploymentsQuery(filter));

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "").trim();
    const [service, environment, at] = [text("service"), text("environment"), text("at")];
    void navigate({
      search: {
        ...(service === "" ? {} : { service }),
        ...(environment === "" ? {} : { environment }),
        // The field speaks the reader's time zone, the address does not.
        ...(at === "" ? {} : { at: new Date(at).toISOString() }),
      },
    });
  };

  return (
    <Page title="Deployments">
      <form className="row" onSubmit={submit} key={JSON.stringify(filter)}>
        <label>
          Service <input name="service" defaultValue={filter.service ?? ""} />
        </label>
        <label>
          Environment <input name="environment" defaultValue={filter.environment ?? ""} />
        </label>
        <label>
          Running at{" "}
          <input name="at" type="datetime-local" step="1" defaultValue={localTime(filter.at)} />
        </label>
        <button type="submit" className="primary">
          Show
        </button>
        <Link to="/deployments" search={{}}>
          Clear
        </Link>
      </form>
      <Answer query={deployments}>
        {({ items, next }) => (
          <>
            <Table items={items} at={filter.at} />
            <More to="/deployments" search={{ ...filter }} next={next} />
          </>
        )}
      </Answer>
    </Page>
  );
}

function Table({
  items,
  at,
}: {
  readonly items: readonly DeploymentView[];
  readonly at: string | undefined;
}) {
  if (items.length === 0) {
    return <p role="status">{at === undefined ? "Nothing was deployed." : "Nothing ran then."}</p>;
  }
  return (
    <div className="scroll" role="group" aria-label="Deployments" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Service</th>
            <th scope="col">Environment</th>
            <th scope="col">Release</th>
            <th scope="col">Configuration</th>
            <th scope="col">Colour</th>
            <th scope="col">From</th>
            <th scope="col">Until</th>
            <th scope="col">By</th>
            <th scope="col">Promotion</th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={item.id}>
              <th scope="row">{item.service}</th>
              <td>{item.environment}</td>
              <td>{item.release.version}</td>
              <td>{item.configuration}</td>
              <td>
                <Colour colour={item.colour} />
              </td>
              <td>
                <When at={item.from} />
              </td>
              <td>{item.until === null ? "still live" : <When at={item.until} />}</td>
              <td>{item.by}</td>
              <td>
                <Link to="/promotions/$id" params={{ id: item.promotion }}>
                  {item.kind} {item.promotion}
                </Link>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** RFC 3339 as `datetime-local` wants it: local, without a zone. */
function localTime(at: string | undefined): string {
  if (at === undefined) return "";
  const date = new Date(at);
  const shifted = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return Number.isNaN(shifted.getTime()) ? "" : shifted.toISOString().slice(0, 19);
}
