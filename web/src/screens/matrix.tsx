import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { LaneView } from "../../../src/api/views.ts";
import { type PromotionSummary, promotionsQuery, statusQuery } from "../api/queries.ts";
import { Answer } from "../parts/answer.tsx";
import { Page } from "../parts/page.tsx";
import { Foreign } from "../parts/foreign.tsx";
import { Badge, Colour, State } from "../parts/status.tsx";
import { When } from "../parts/when.tsx";
import { arrange, latestAttempts } from "./matrix-rows.ts";

/** Services down, environments across: what is live, and how the latest attempt went. */
export function Matrix() {
  const status = useQuery(statusQuery);
  const promotions = useQuery(promotionsQuery);
  const [filter, setFilter] = useState("");
  const attempts = latestAttempts(promotions.data?.items ?? []);
  return (
    <Page
      title="Environments"
      aside={
        <label className="filter">
          Filter services{" "}
          <input
            type="search"
            value={filter}
            onChange={(event) => setFilter(event.currentTarget.value)}
          />
        </label>
      }
    >
      <Answer query={status}>
        {({ items }) => <Grid lanes={items} attempts={attempts} filter={filter} />}
      </Answer>
    </Page>
  );
}

function Grid({
  lanes,
  attempts,
  filter,
}: {
  readonly lanes: readonly LaneView[];
  readonly attempts: ReadonlyMap<string, PromotionSummary>;
  readonly filter: string;
}) {
  const { environments, rows } = arrange(lanes, filter);
  if (lanes.length === 0) {
    return (
      <p>
        No service is registered yet. In its folder: <code>tidelock init</code>, then{" "}
        <code>tidelock pipeline apply</code>.
      </p>
    );
  }
  if (rows.length === 0) return <p role="status">No service matches “{filter}”.</p>;
  return (
    <div className="scroll" role="group" aria-label="Services and environments" tabIndex={0}>
      <table className="matrix">
        <caption className="hidden">What is live where, and the latest attempt</caption>
        <thead>
          <tr>
            <th scope="col">Service</th>
            {environments.map(({ name, tier }) => (
              <th scope="col" key={name}>
                {name}
                {tier === name ? null : <span className="muted"> {tier}</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ service, cells }) => (
            <tr key={service}>
              <th scope="row">{service}</th>
              {cells.map((lane, index) => (
                <td key={environments[index]?.name}>
                  {lane === null ? (
                    <span className="muted">not in its pipeline</span>
                  ) : (
                    <Cell lane={lane} attempt={attempts.get(`${service}/${lane.environment}`)} />
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cell({
  lane,
  attempt,
}: {
  readonly lane: LaneView;
  readonly attempt: PromotionSummary | undefined;
}) {
  const { live, address, queued } = lane;
  const latest = lane.current ?? attempt;
  const serving = lane.colours.find((colour) => colour.live);
  return (
    <div className="cell">
      {live === null ? (
        <span className="muted">nothing live</span>
      ) : (
        <div>
          <strong className="version">{live.version}</strong> <Colour colour={live.colour} />{" "}
          {serving !== undefined && serving.state !== "ready" ? (
            <State state={serving.state} />
          ) : null}
          <div className="muted">
            since <When at={live.since} />
          </div>
          {live.banned === undefined ? null : <Ban ban={live.banned} />}
        </div>
      )}
      <Goes goes={lane.goes} />
      {latest === undefined || latest === null ? null : (
        <Link to="/promotions/$id" params={{ id: latest.id }} className="attempt">
          <State state={latest.waiting === null ? latest.state : "waiting"} /> {latest.kind} of{" "}
          {latest.release.version}
        </Link>
      )}
      {queued > 0 ? <span className="muted">{queued} queued</span> : null}
      {address === null ? null : <Address address={address} />}
    </div>
  );
}

/** Users meet what somebody has said is never to go anywhere again. */
function Ban({ ban }: { readonly ban: NonNullable<NonNullable<LaneView["live"]>["banned"]> }) {
  return (
    <div className="held">
      <Badge tone="bad">banned</Badge> <Foreign text={ban.reason} most={mostReason} />{" "}
      <span className="muted">
        {ban.id}, by <Foreign text={ban.by} most={mostReason} />
      </span>
    </div>
  );
}

/** Whether releases may go to users there now: a stopped line, a freeze and a closed window say why not. */
function Goes({ goes }: { readonly goes: LaneView["goes"] }) {
  if (goes === undefined) return null;
  const { open, until, because } = goes;
  if (open) {
    return until === null ? null : (
      <span className="muted">
        releases may go until <When at={until} />
      </span>
    );
  }
  return (
    <div className="held">
      <Badge tone="wait">held</Badge>{" "}
      {until === null ? (
        "no release may go there"
      ) : (
        <>
          no release may go there until <When at={until} />
        </>
      )}
      <ul className="plain muted">
        {because.map((reason) => (
          <li key={reason}>
            <Foreign text={reason} most={mostReason} />
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Characters: the whole stands in `tidelock status -o wide`. */
const mostReason = 240;

/** Only what a browser opens safely is a link. */
function Address({ address }: { readonly address: string }) {
  const text = address.replace(/^https?:\/\//, "");
  return /^https?:\/\/[^\s]+$/.test(address) ? (
    <a className="muted" href={address} rel="noreferrer">
      {text}
    </a>
  ) : (
    <span className="muted">{text}</span>
  );
}
