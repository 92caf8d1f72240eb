import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense } from "react";
import type { WaiverView } from "../../../src/api/routes/waivers.ts";
import { waiverMineQuery, waiverQuery } from "../api/waiver-queries.ts";
import { Answer, Problem } from "../parts/answer.tsx";
import { Foreign } from "../parts/foreign.tsx";
import { Page } from "../parts/page.tsx";
import { Ends, WaivedThing, WaiverState } from "../parts/waiver-words.tsx";
import { When } from "../parts/when.tsx";

/** What makes and verifies statements comes only where somebody signs one. */
const WaiverSigning = lazy(async () => ({
  default: (await import("./waiver-signing.tsx")).WaiverSigning,
}));

/** One accepted risk: whether it holds, until when, for what, why, and who signed it. */
export function Waiver() {
  const { id } = useParams({ from: "/waivers/$id" });
  const waiver = useQuery(waiverQuery(id));
  const mine = useQuery(waiverMineQuery(id));
  return (
    <Page title={`Waiver ${id}`}>
      <Answer query={waiver}>
        {(view) => (
          <>
            <Shown view={view} />
            <Suspense fallback={<p className="muted">Loading…</p>}>
              {view.state !== "proposed" && mine.data?.answered !== true ? null : mine.data ===
                undefined ? (
                mine.error === null ? null : (
                  <Problem error={mine.error} />
                )
              ) : (
                <WaiverSigning view={view} mine={mine.data} />
              )}
            </Suspense>
          </>
        )}
      </Answer>
    </Page>
  );
}

function Shown({ view }: { readonly view: WaiverView }) {
  const { waived, why, since } = view;
  const { of } = waived;
  return (
    <>
      <p className="facts">
        <WaiverState waiver={view} />
      </p>
      <p className="what">
        <WaivedThing of={of} />
      </p>
      <dl className="inline">
        {why === null ? null : (
          <Fact name={view.state === "withdrawn" ? "Withdrawn because" : "Does not hold because"}>
            <Foreign text={why} />
          </Fact>
        )}
        <Fact name="Ends">
          <Ends waiver={view} />
        </Fact>
        <Fact name="Service">{waived.service}</Fact>
        <Fact name="Environment">{waived.environment}</Fact>
        <Fact name="Release">
          {waived.release === null ? "any that has the same" : <code>{waived.release}</code>}
        </Fact>
        {of.kind === "finding" ? (
          <Fact name="Accepted as">
            {of.severity}
            {of.knownExploited === true ? ", known exploited" : ""}; worse ends it
          </Fact>
        ) : (
          <Fact name="Check">
            {of.check} ({of.uses}), in its present configuration: {of.verdicts.join(", ")}
          </Fact>
        )}
        <Fact name="Why">
          <Foreign text={waived.reason} />
        </Fact>
        <Fact name="Meanwhile">
          <Foreign text={waived.control} />
        </Fact>
        <Fact name="Answers for it">
          <Foreign text={waived.owner} />
        </Fact>
        <Fact name="Proposed">
          <When at={view.at} /> by <Foreign text={view.by} />
        </Fact>
        <Fact name="In force since">{since === null ? "not yet" : <When at={since} />}</Fact>
      </dl>
      {of.kind === "check" && of.failing.length > 0 ? (
        <section>
          <h2>What may fail</h2>
          <ul>
            {of.failing.map((one) => (
              <li key={one}>
                <Foreign text={one} most={300} />
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      <section>
        <h2>Signatures</h2>
        {view.signatures.length === 0 ? (
          <p>
            Nobody has signed it. Two people have to: below, or with{" "}
            <code>tidelock waiver sign {view.id}</code>
          </p>
        ) : (
          <ol className="results">
            {view.signatures.map((one) => (
              <li key={one.person}>
                <When at={one.at} /> <Foreign text={one.name ?? one.person} />
                {one.separation === null ? null : (
                  <div className="muted">
                    <Foreign text={one.separation} />
                  </div>
                )}
              </li>
            ))}
          </ol>
        )}
      </section>
    </>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}
