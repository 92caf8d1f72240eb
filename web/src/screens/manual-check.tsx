import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import type { ManualRequestView } from "../../../src/api/routes/manual.ts";
import { manualCheckQuery, manualMineQuery } from "../api/manual-queries.ts";
import { Answer, Problem } from "../parts/answer.tsx";
import { Foreign } from "../parts/foreign.tsx";
import { Page } from "../parts/page.tsx";
import { When } from "../parts/when.tsx";
import { Request } from "./promotion-asked.tsx";

/** What makes and verifies statements comes only where somebody signs one. */
const ManualCheckSigning = lazy(async () => ({
  default: (await import("./manual-check-signing.tsx")).ManualCheckSigning,
}));

/** One manual check: what is under test, the questions, and the answer that is signed here. */
export function ManualCheck() {
  const { id } = useParams({ from: "/manual-checks/$id" });
  const request = useQuery(manualCheckQuery(id));
  const mine = useQuery(manualMineQuery(id));
  const view = request.data;
  const title =
    view === undefined
      ? `Manual check ${id.slice(0, 12)}`
      : `${view.check} of ${view.service} in ${view.environment}`;
  return (
    <Page title={title}>
      <Answer query={request}>
        {(shown) => (
          <>
            <About view={shown} />
            {shown.state === "answered" ? <Request request={shown} alone /> : null}
            <Suspense fallback={<p className="muted">Loading…</p>}>
              {mine.data !== undefined && shown.state !== "answered" ? (
                <ManualCheckSigning key={shown.id} view={shown} mine={mine.data} />
              ) : mine.error === null ? null : (
                <Problem error={mine.error} />
              )}
            </Suspense>
            {shown.state === "answered" && mine.data?.answered === true ? (
              <p className="callout">You have answered it, and the first answer stands.</p>
            ) : null}
          </>
        )}
      </Answer>
    </Page>
  );
}

const over = {
  expired: "Too late: nobody has answered it in time. Promote again, and answer within the time.",
  ended: "Its promotion waits for nobody any more.",
} as const;

function About({ view }: { readonly view: ManualRequestView }) {
  const { state, holders, addresses, release } = view;
  return (
    <>
      {state === "expired" || state === "ended" ? <p className="callout">{over[state]}</p> : null}
      <dl className="inline">
        <dt>Under test</dt>
        <dd>
          version <Foreign text={release.version ?? release.id} most={120} />
          {view.colour === null ? "" : ` on ${view.colour}`}
          {addresses.map((address) => (
            <span key={address}>
              {" "}
              <a href={address} rel="noreferrer">
                {address}
              </a>
            </span>
          ))}
        </dd>
        <dt>Promotion</dt>
        <dd>
          <Link to="/promotions/$id" params={{ id: view.promotion }}>
            {view.promotion}
          </Link>
        </dd>
        {state === "open" ? (
          <>
            <dt>Who may answer</dt>
            <dd>
              {holders.length === 0 ? (
                `nobody holds the role ${view.role} here yet`
              ) : (
                <>
                  <Foreign text={holders.join(", ")} />, as {view.role}
                </>
              )}
            </dd>
            <dt>Until</dt>
            <dd>
              <When at={view.answerUntil} />
            </dd>
          </>
        ) : null}
      </dl>
    </>
  );
}
