import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { metricsQuery } from "../api/finding-queries.ts";
import { Answer } from "../parts/answer.tsx";
import { kinds } from "../parts/finding-words.tsx";
import { Page } from "../parts/page.tsx";
import { Coverage } from "./findings-metrics/coverage.tsx";
import { HowFound, HowMany } from "./findings-metrics/how-many.tsx";
import { HowLong, Trend } from "./findings-metrics/over-time.tsx";
import { Serious } from "./findings-metrics/serious.tsx";

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
