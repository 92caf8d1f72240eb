import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { FindingView } from "../../../src/api/views/finding.ts";
import { findingQuery } from "../api/finding-queries.ts";
import { Answer } from "../parts/answer.tsx";
import {
  Accepted,
  Age,
  Due,
  FindingStatus,
  HowBad,
  LiveIn,
  placeOf,
  webAddress,
} from "../parts/finding-words.tsx";
import { Foreign, foreignLines } from "../parts/foreign.tsx";
import { Page } from "../parts/page.tsx";
import { Badge, Severity } from "../parts/status.tsx";
import { When } from "../parts/when.tsx";

/** One finding: how bad, where, since when and by when first; then all that is known of it. */
export function Finding() {
  const { id } = useParams({ from: "/findings/$id" });
  const finding = useQuery(findingQuery(id));
  return (
    <Page title={`Finding ${id}`}>
      <Answer query={finding}>{(view) => <Shown view={view} />}</Answer>
    </Page>
  );
}

function Shown({ view }: { readonly view: FindingView }) {
  return (
    <>
      <p className="facts">
        <HowBad finding={view} />
        <FindingStatus status={view.status} />
        <Accepted finding={view} />
        {view.knownExploited === true ? <Badge tone="bad">known exploited</Badge> : null}
        {view.overdue ? <Badge tone="bad">overdue</Badge> : null}
        {view.reopened > 0 ? <Badge tone="warn">came back {view.reopened}×</Badge> : null}
      </p>
      <p className="what">
        <Foreign text={view.title} />
      </p>
      <Facts view={view} />
      {view.message === "" ? null : (
        <Section title="What it says">
          <pre className="prose" tabIndex={0} role="group" aria-label="What it says" dir="ltr">
            {foreignLines(view.message)}
          </pre>
        </Section>
      )}
      <AcceptedRisks view={view} />
      <Guidance view={view} />
      <History view={view} />
      <Observations view={view} />
      <Claims view={view} />
      <Related view={view} />
      <Section title="Told apart by">
        <dl className="inline">
          {view.fingerprints.map((one) => (
            <Fact key={`${one.algorithm} ${one.value}`} name={<Foreign text={one.algorithm} />}>
              <code>
                <Foreign text={one.value} />
              </code>
            </Fact>
          ))}
        </dl>
      </Section>
    </>
  );
}

function Section({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Fact({ name, children }: { readonly name: ReactNode; readonly children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Facts({ view }: { readonly view: FindingView }) {
  const { priority, epss, verified } = view;
  const aliases = view.aliases.filter((one) => one !== view.rule);
  return (
    <dl className="inline">
      <Fact name="Urgency">
        <Foreign text={priority.why} />
        {priority.why.includes("EPSS")
          ? ""
          : epss === null
            ? ", EPSS unknown"
            : `, EPSS ${(epss * 100).toFixed(1)} %`}
      </Fact>
      <Fact name="Live in">
        <LiveIn environments={view.liveIn} />
      </Fact>
      <Fact name="Where">
        <code>
          <Foreign text={placeOf(view.place)} />
        </code>
      </Fact>
      <Fact name="Service">
        {view.service}
        {view.environment === null ? "" : ` in ${view.environment}`}
      </Fact>
      <Fact name="Kind">{view.kind}</Fact>
      <Fact name="Rule">
        <Foreign text={view.rule} />
      </Fact>
      {aliases.length === 0 ? null : (
        <Fact name="Also known as">
          <Foreign text={aliases.join(", ")} />
        </Fact>
      )}
      {view.fixedIn === null ? null : (
        <Fact name="Fixed in">
          <Foreign text={view.fixedIn} />
        </Fact>
      )}
      <Fact name="Tools">
        <Foreign text={view.tools.join(", ")} />
      </Fact>
      <Fact name="First seen">
        <When at={view.firstSeen} />, <Age since={view.firstSeen} /> ago
      </Fact>
      <Fact name="Last seen">
        <When at={view.lastSeen} />
      </Fact>
      <Fact name="Assigned to">{view.assignee ?? "nobody"}</Fact>
      <Fact name="Due">
        <Due finding={view} />
        {view.paused === null ? null : <> {<Foreign text={view.paused} />}</>}
      </Fact>
      {view.fixedAt === null ? null : (
        <Fact name="Fixed">
          <When at={view.fixedAt} />, as somebody says
        </Fact>
      )}
      {verified === null ? null : (
        <Fact name="Verified">
          <When at={verified.at} />: a complete, trusted scan of{" "}
          {verified.release.version ?? verified.release.id} does not see it
        </Fact>
      )}
      {view.closedAt === null ? null : (
        <Fact name="Closed">
          <When at={view.closedAt} />: production runs without it
        </Fact>
      )}
    </dl>
  );
}

function AcceptedRisks({ view }: { readonly view: FindingView }) {
  if (view.accepted.length === 0) return null;
  return (
    <Section title="Risk accepted">
      {view.accepted.map((one) => (
        <dl className="inline" key={one.waiver}>
          <Fact name="In">
            {one.environment}
            {one.release === null ? "" : `, of release ${one.release} alone`}, by{" "}
            <Link to="/waivers/$id" params={{ id: one.waiver }}>
              {one.waiver}
            </Link>
          </Fact>
          <Fact name="Until">
            <When at={one.until} />
          </Fact>
          <Fact name="Why">
            <Foreign text={one.reason} />
          </Fact>
          <Fact name="Meanwhile">
            <Foreign text={one.control} />
          </Fact>
          <Fact name="Answers for it">
            <Foreign text={one.owner} />
          </Fact>
        </dl>
      ))}
    </Section>
  );
}

function Guidance({ view }: { readonly view: FindingView }) {
  if (view.guidance.length === 0) return null;
  return (
    <Section title="What to do">
      <ul>
        {view.guidance.map(({ title, url }) => {
          const address = webAddress(url);
          return (
            <li key={url}>
              {address === null ? (
                <Foreign text={`${title} ${url}`} />
              ) : (
                <a href={address} rel="noreferrer noopener" target="_blank">
                  <Foreign text={title === "" ? url : title} most={200} />
                </a>
              )}
            </li>
          );
        })}
      </ul>
    </Section>
  );
}

function History({ view }: { readonly view: FindingView }) {
  return (
    <Section title="History">
      <ol className="results">
        {view.history.map((one, index) => (
          <li key={index}>
            <When at={one.at} />{" "}
            {one.to === null ? <span>{one.kind}</span> : <FindingStatus status={one.to} />}{" "}
            <Foreign text={one.text} />{" "}
            <span className="muted">by {<Foreign text={one.by} />}</span>
          </li>
        ))}
      </ol>
    </Section>
  );
}

function Observations({ view }: { readonly view: FindingView }) {
  const { observations, observationCount: count } = view;
  const often = count === 1 ? "once" : `${count} times`;
  const title = `Seen ${often}${observations.length < count ? ", the newest first" : ""}`;
  return (
    <Section title={title}>
      <div className="scroll" role="group" aria-label="Observations" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Tool</th>
              <th scope="col">Severity</th>
              <th scope="col">Release</th>
              <th scope="col">Environment</th>
              <th scope="col">Where</th>
              <th scope="col">Trust</th>
              <th scope="col">Import</th>
            </tr>
          </thead>
          <tbody>
            {observations.map((one, index) => (
              <tr key={index}>
                <td>
                  <When at={one.at} />
                </td>
                <td>
                  <Foreign text={one.tool} most={80} />
                </td>
                <td>
                  <Severity severity={one.observation.severity} />
                </td>
                <td>{one.release === null ? "none" : (one.release.version ?? one.release.id)}</td>
                <td>{one.environment ?? "-"}</td>
                <td className="where">
                  <code>
                    <Foreign text={placeOf(one.observation.place)} most={200} />
                  </code>
                </td>
                <td>{one.trust}</td>
                <td>
                  <Link to="/findings/imports" search={{ service: view.service }}>
                    {one.import}
                  </Link>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}

function Claims({ view }: { readonly view: FindingView }) {
  if (view.claims.length === 0) return null;
  return (
    <Section title="What others state of it">
      <ul className="results">
        {view.claims.map((one, index) => (
          <li key={index}>
            <When at={one.at} /> <strong>{one.status}</strong> <Foreign text={one.justification} />{" "}
            by <Foreign text={one.by === "" ? "nobody named" : one.by} />{" "}
            {one.trusted ? (
              <Badge tone="good">trusted</Badge>
            ) : (
              <Badge tone="wait">not trusted: opens no gate</Badge>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Related({ view }: { readonly view: FindingView }) {
  if (view.related.length === 0) return null;
  return (
    <Section title="Perhaps the same">
      <ul>
        {view.related.map((one) => (
          <li key={one.id}>
            <Link to="/findings/$id" params={{ id: one.id }}>
              {one.id}
            </Link>{" "}
            <Foreign text={one.tool} most={80} />: <Foreign text={one.title} most={200} />
          </li>
        ))}
      </ul>
    </Section>
  );
}
