import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { FormEvent } from "react";
import type { ApprovalView } from "../../../src/api/routes/approvals.ts";
import { type ApprovalSearch, approvalsQuery } from "../api/approval-queries.ts";
import { Answer } from "../parts/answer.tsx";
import { AskedOf, RequestState } from "../parts/approval-words.tsx";
import { Foreign } from "../parts/foreign.tsx";
import { More } from "../parts/more.tsx";
import { Page } from "../parts/page.tsx";
import { When } from "../parts/when.tsx";

const shows = {
  mine: "those that wait for me",
  open: "all that wait",
  any: "also those that are over",
};

/** Who is asked to approve what; what waits longest is last, as the server has it: newest first. */
export function Approvals() {
  const filter = useSearch({ from: "/approvals" });
  const navigate = useNavigate({ from: "/approvals" });
  const approvals = useQuery(approvalsQuery(filter));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const given = (["service", "environment", "show"] as const).flatMap((name) => {
      const value = String(form.get(name) ?? "").trim();
      return value === "" ? [] : [[name, value] as const];
    });
    const search: ApprovalSearch = Object.fromEntries(given);
    void navigate({ search });
  };
  return (
    <Page title="Approvals">
      <form className="row" role="search" onSubmit={submit} key={JSON.stringify(filter)}>
        <label>
          Service <input name="service" size={14} defaultValue={filter.service ?? ""} />
        </label>
        <label>
          Environment <input name="environment" size={14} defaultValue={filter.environment ?? ""} />
        </label>
        <label>
          Show{" "}
          <select name="show" defaultValue={filter.show ?? "open"}>
            {Object.entries(shows).map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" className="primary">
          Show
        </button>
      </form>
      <Answer query={approvals}>
        {({ items, next }) => (
          <>
            <Shown items={items} filter={filter} />
            <More to="/approvals" search={{ ...filter }} next={next} />
          </>
        )}
      </Answer>
    </Page>
  );
}

/** Whether there is nothing, or nothing like that. */
function Nothing({ filter: { show, service, environment } }: { readonly filter: ApprovalSearch }) {
  const narrowed = show === "mine" || service !== undefined || environment !== undefined;
  return (
    <p role="status">
      {narrowed ? (
        <>
          No request is like that.{" "}
          <Link to="/approvals" search={{ show: "any" }}>
            See all, also those that are over
          </Link>
        </>
      ) : (
        "Nothing waits for anybody's approval. People are asked when everything else at a gate allows a promotion."
      )}
    </p>
  );
}

function Shown({
  items,
  filter,
}: {
  readonly items: readonly ApprovalView[];
  readonly filter: ApprovalSearch;
}) {
  if (items.length === 0) return <Nothing filter={filter} />;
  return (
    <>
      <p role="status">
        {items.length === 1 ? "1 request" : `${items.length} requests`}, newest first.
      </p>
      <div className="scroll" role="group" aria-label="Approvals" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">Where</th>
              <th scope="col">State</th>
              <th scope="col">Asked</th>
              <th scope="col">Answered</th>
              <th scope="col">Since</th>
              <th scope="col">Request</th>
            </tr>
          </thead>
          <tbody>
            {items.map((view) => (
              <tr key={view.id}>
                <th scope="row">
                  <Link to="/approvals/$id" params={{ id: view.id }}>
                    {view.asked.service} <Foreign text={view.asked.version} most={80} />
                  </Link>
                </th>
                <td>{view.asked.environment}</td>
                <td>
                  <RequestState view={view} />
                </td>
                <td>
                  <AskedOf asks={view.asked.asks} />
                </td>
                <td>
                  {view.answers.length === 0
                    ? "nobody yet"
                    : view.answers.map(({ purpose, role, person, name }) => (
                        <div key={person}>
                          {purpose === "approve" ? "approved" : "rejected"} as {role} by{" "}
                          <Foreign text={name ?? "somebody who was erased"} most={80} />
                        </div>
                      ))}
                </td>
                <td>
                  <When at={view.at} />
                </td>
                <td>
                  <code>{view.id.slice(0, 12)}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
