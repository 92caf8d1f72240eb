import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { FormEvent } from "react";
import type { WaiverView } from "../../../src/api/routes/waivers.ts";
import { type WaiverSearch, waiversQuery } from "../api/waiver-queries.ts";
import { Answer } from "../parts/answer.tsx";
import { Foreign } from "../parts/foreign.tsx";
import { More } from "../parts/more.tsx";
import { Page } from "../parts/page.tsx";
import { Ends, WaivedThing, WaiverState } from "../parts/waiver-words.tsx";

const states = ["open", "proposed", "in-force", "withdrawn", "ended", "any"] as const;

/** Accepted risks: what, where, by whom, and when each ends; the one that ends first is first. */
export function Waivers() {
  const filter = useSearch({ from: "/waivers" });
  const navigate = useNavigate({ from: "/waivers" });
  const waivers = useQuery(waiversQuery(filter));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const given = (["service", "environment", "finding", "state"] as const).flatMap((name) => {
      const value = String(form.get(name) ?? "").trim();
      return value === "" ? [] : [[name, value] as const];
    });
    const search: WaiverSearch = Object.fromEntries(given);
    void navigate({ search });
  };
  return (
    <Page title="Waivers">
      <form className="row" role="search" onSubmit={submit} key={JSON.stringify(filter)}>
        <label>
          Service <input name="service" size={14} defaultValue={filter.service ?? ""} />
        </label>
        <label>
          Environment <input name="environment" size={14} defaultValue={filter.environment ?? ""} />
        </label>
        <label>
          Finding <input name="finding" size={8} defaultValue={filter.finding ?? ""} />
        </label>
        <label>
          State{" "}
          <select name="state" defaultValue={filter.state ?? "open"}>
            {states.map((one) => (
              <option key={one} value={one}>
                {one === "open" ? "proposed or in force" : one.replaceAll("-", " ")}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" className="primary">
          Show
        </button>
      </form>
      <Answer query={waivers}>
        {({ items, next }) => (
          <>
            <Shown items={items} />
            <More to="/waivers" search={{ ...filter }} next={next} />
          </>
        )}
      </Answer>
    </Page>
  );
}

function Shown({ items }: { readonly items: readonly WaiverView[] }) {
  if (items.length === 0) {
    return (
      <p role="status">
        No waiver is like that. To propose one: <code>tidelock waiver propose --help</code>
      </p>
    );
  }
  const ordered = items.toSorted((a, b) => (a.until < b.until ? -1 : 1));
  return (
    <>
      <p role="status">
        {items.length === 1 ? "1 waiver" : `${items.length} waivers`}, the one that ends first is
        first.
      </p>
      <div className="scroll" role="group" aria-label="Waivers" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Waiver</th>
              <th scope="col">State</th>
              <th scope="col">Ends</th>
              <th scope="col">What is accepted</th>
              <th scope="col">Service</th>
              <th scope="col">Environment</th>
              <th scope="col">Owner</th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            {ordered.map((one) => (
              <tr key={one.id}>
                <th scope="row">
                  <Link to="/waivers/$id" params={{ id: one.id }}>
                    {one.id}
                  </Link>
                </th>
                <td>
                  <WaiverState waiver={one} />
                </td>
                <td>
                  <Ends waiver={one} />
                </td>
                <td className="what">
                  <WaivedThing of={one.waived.of} />
                </td>
                <td>{one.waived.service}</td>
                <td>{one.waived.environment}</td>
                <td>
                  <Foreign text={one.waived.owner} most={80} />
                </td>
                <td className="what">
                  <Foreign text={one.waived.reason} most={160} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
