import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import type { PromotionView } from "../../../src/api/views.ts";
import { promotionQuery } from "../api/queries.ts";
import { Answer } from "../parts/answer.tsx";
import { Page } from "../parts/page.tsx";
import { Foreign } from "../parts/foreign.tsx";
import { Colour, State } from "../parts/status.tsx";
import { Took, When } from "../parts/when.tsx";
import { PromotionActions } from "./promotion-actions.tsx";
import { Asked } from "./promotion-asked.tsx";
import { Checks } from "./promotion-checks.tsx";
import { DecisionPart } from "./promotion-decision.tsx";
import { Why } from "./promotion-why.tsx";

export function Promotion() {
  const { id } = useParams({ from: "/promotions/$id" });
  const promotion = useQuery(promotionQuery(id));
  const data = promotion.data;
  const title =
    data === undefined
      ? `Promotion ${id}`
      : `${data.service}@${data.release.version} to ${data.environment}`;
  return (
    <Page title={title} aside={data === undefined ? null : <PromotionActions promotion={data} />}>
      <Answer query={promotion}>{(view) => <Details promotion={view} />}</Answer>
    </Page>
  );
}

function Details({ promotion }: { readonly promotion: PromotionView }) {
  const { waiting, colour } = promotion;
  return (
    <>
      <div className="facts" aria-live="polite">
        <State state={promotion.state} />
        {promotion.kind === "rollback" ? <span>rollback</span> : null}
        {colour === null ? null : <Colour colour={colour} />}
        {promotion.desired === "aborted" && promotion.endedAt === null ? (
          <span>being aborted</span>
        ) : null}
        <Foreign text={promotion.message} />
      </div>
      {waiting === null ? null : (
        <p className="callout">
          <State state="waiting" /> {waiting.reason}. It goes on when: {waiting.who}
          {waiting.until === null ? (
            "."
          ) : (
            <>
              , until <When at={waiting.until} />.
            </>
          )}
        </p>
      )}
      <dl className="inline">
        <dt>Promotion</dt>
        <dd>
          <code>{promotion.id}</code>
        </dd>
        <dt>Created</dt>
        <dd>
          <When at={promotion.createdAt} /> by {promotion.createdBy}
        </dd>
        <dt>Took</dt>
        <dd>
          <Took from={promotion.startedAt} to={promotion.endedAt} />
          {promotion.endedAt === null ? "not ended" : null}
        </dd>
        <dt>Configuration</dt>
        <dd>version {promotion.configuration.version}</dd>
        <dt>Release</dt>
        <dd>
          <code className="digest">{promotion.release.id}</code>
        </dd>
        <dt>Plan</dt>
        <dd>
          <code className="digest">{promotion.planDigest}</code>
        </dd>
      </dl>
      <Steps steps={promotion.steps} />
      <Asked promotion={promotion.id} />
      <Checks checks={promotion.checks} />
      <DecisionPart decision={promotion.decision} />
      <Why promotion={promotion.id} />
    </>
  );
}

function Steps({ steps }: { readonly steps: PromotionView["steps"] }) {
  return (
    <section aria-labelledby="steps">
      <h2 id="steps">Steps</h2>
      <div className="scroll" role="group" aria-labelledby="steps" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">#</th>
              <th scope="col">Step</th>
              <th scope="col">State</th>
              <th scope="col">Started</th>
              <th scope="col">Took</th>
              <th scope="col">Tries</th>
              <th scope="col">Message</th>
            </tr>
          </thead>
          <tbody>
            {steps.map((step) => (
              <tr key={step.index}>
                <td>{step.index + 1}</td>
                <th scope="row">{step.title}</th>
                <td>
                  <State state={step.state} />
                </td>
                <td>{step.startedAt === null ? null : <When at={step.startedAt} />}</td>
                <td>
                  <Took from={step.startedAt} to={step.endedAt} />
                </td>
                <td>{step.attempts === 0 ? null : step.attempts}</td>
                <td>
                  <Foreign text={step.message} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
