import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import type { ApprovalView } from "../../../src/api/routes/approvals.ts";
import { approvalMineQuery, approvalQuery, approvalsOfQuery } from "../api/approval-queries.ts";
import { Answer, Problem } from "../parts/answer.tsx";
import { AskedOf, RequestState } from "../parts/approval-words.tsx";
import { Foreign } from "../parts/foreign.tsx";
import { Page } from "../parts/page.tsx";
import { Badge, State } from "../parts/status.tsx";
import { When } from "../parts/when.tsx";

/** What makes and verifies statements comes only where somebody signs one. */
const ApprovalSigning = lazy(async () => ({
  default: (await import("./approval-signing.tsx")).ApprovalSigning,
}));

/** One request: what is signed in words, whether this page makes the same digests of it, who has answered, and the answer. */
export function Approval() {
  const { id } = useParams({ from: "/approvals/$id" });
  const approval = useQuery(approvalQuery(id));
  const mine = useQuery(approvalMineQuery(id));
  const view = approval.data;
  const title =
    view === undefined
      ? `Approval ${id.slice(0, 12)}`
      : `Approve ${view.asked.service} for ${view.asked.environment}`;
  return (
    <Page title={title}>
      <Answer query={approval}>
        {(shown) => (
          <>
            <Standing view={shown} />
            <Suspense fallback={<p className="muted">Loading…</p>}>
              {mine.data === undefined ? (
                mine.error === null ? (
                  <p className="muted" role="status">
                    Loading…
                  </p>
                ) : (
                  <Problem error={mine.error} />
                )
              ) : (
                // Another person, or a request that is over, begins with an empty form.
                <ApprovalSigning key={`${shown.id} ${shown.state}`} view={shown} mine={mine.data} />
              )}
            </Suspense>
            <Answers view={shown} />
            <GateSays view={shown} />
            <Facts view={shown} />
          </>
        )}
      </Answer>
    </Page>
  );
}

function Standing({ view }: { readonly view: ApprovalView }) {
  const { data } = useQuery(approvalsOfQuery(view.asked.promotion));
  const before = (data?.items ?? []).filter((one) => one.id !== view.id && one.at < view.at);
  const after = (data?.items ?? []).find((one) => one.at > view.at && one.state === "open");
  return (
    <>
      <p className="facts">
        <RequestState view={view} />
        <span>
          version <Foreign text={view.asked.version} most={120} />
        </span>
        <span>
          asked <When at={view.at} />
        </span>
      </p>
      {view.why === null ? null : (
        <p className="callout">
          Nobody can sign this any more: <Foreign text={view.why} most={4_000} />.{" "}
          {after === undefined ? null : (
            <Link to="/approvals/$id" params={{ id: after.id }}>
              See what is asked now
            </Link>
          )}
        </p>
      )}
      {before.length === 0 ? null : (
        <section aria-labelledby="changed">
          <h2 id="changed">What changed since it was asked before</h2>
          <ul className="results">
            {before.map((one) => (
              <li key={one.id}>
                <When at={one.at} />{" "}
                <Link to="/approvals/$id" params={{ id: one.id }}>
                  <code>{one.id.slice(0, 12)}</code>
                </Link>{" "}
                <Foreign text={one.why ?? "it was answered"} most={1_000} />
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function Answers({ view: { answers } }: { readonly view: ApprovalView }) {
  return (
    <section aria-labelledby="answers">
      <h2 id="answers">Who has answered</h2>
      {answers.length === 0 ? <p>Nobody yet.</p> : null}
      <ul className="results">
        {answers.map((one) => (
          <li key={one.id}>
            {one.purpose === "approve" ? (
              <Badge tone="good">approved</Badge>
            ) : (
              <Badge tone="bad">rejected</Badge>
            )}{" "}
            as {one.role} by <Foreign text={one.name ?? "somebody who was erased"} most={120} />,{" "}
            <When at={one.at} />
            {one.reason === null ? null : (
              <div>
                “<Foreign text={one.reason} most={2_000} />”
              </div>
            )}
            <div className="muted">
              {one.method === "key" ? "key file" : "passkey"}
              {one.asserted === null
                ? ""
                : one.asserted.backupEligible
                  ? `, which can be copied to other devices${one.asserted.backedUp ? " and was" : ""}`
                  : ", which stays on one device"}
              {one.expires === null ? null : (
                <>
                  , until <When at={one.expires} />
                </>
              )}
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function GateSays({ view: { says } }: { readonly view: ApprovalView }) {
  if (says.length === 0) return null;
  return (
    <section aria-labelledby="says">
      <h2 id="says">What the gate makes of it</h2>
      <ul className="results">
        {says.map(({ outcome, message }) => (
          <li key={message}>
            <State state={outcome} /> <Foreign text={message} most={1_000} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Facts({ view: { id, asked } }: { readonly view: ApprovalView }) {
  return (
    <section aria-labelledby="facts">
      <h2 id="facts">Request</h2>
      <dl className="inline">
        <dt>Request</dt>
        <dd>
          <code className="digest">{id}</code>
        </dd>
        <dt>Promotion</dt>
        <dd>
          <Link to="/promotions/$id" params={{ id: asked.promotion }}>
            {asked.promotion}
          </Link>
        </dd>
        <dt>Asked</dt>
        <dd>
          <AskedOf asks={asked.asks} />
        </dd>
        {(["release", "configuration", "plan", "policy", "decision"] as const).map((name) => (
          <Digest key={name} name={name} value={asked[name]} />
        ))}
      </dl>
    </section>
  );
}

function Digest({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <code className="digest">{value}</code>
      </dd>
    </>
  );
}
