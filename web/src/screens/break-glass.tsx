import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { BreakGlassView } from "../../../src/api/routes/break-glass.ts";
import { glassesQuery } from "../api/break-glass-queries.ts";
import { Answer } from "../parts/answer.tsx";
import { Foreign } from "../parts/foreign.tsx";
import { Page } from "../parts/page.tsx";
import { Badge } from "../parts/status.tsx";
import { When } from "../parts/when.tsx";

/** Emergencies: what was set aside, by whom, what went through, and what somebody else came to. */
export function BreakGlass() {
  const glasses = useQuery(glassesQuery("any"));
  return (
    <Page title="Broken glass">
      <Answer query={glasses}>
        {({ items }) =>
          items.length === 0 ? (
            <p role="status">
              Nobody has broken the glass. In an emergency:{" "}
              <code>tidelock break-glass open --help</code>
            </p>
          ) : (
            <>
              {items.map((one) => (
                <Glass key={one.id} glass={one} />
              ))}
            </>
          )
        }
      </Answer>
    </Page>
  );
}

/** One of them; `alone`: it is what the page is about. */
export function Glass({
  glass,
  alone = false,
}: {
  readonly glass: BreakGlassView;
  readonly alone?: boolean;
}) {
  const { id, asked, basis, state, why, signatures, used, due, overdue, review } = glass;
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>
        {alone ? (
          id
        ) : (
          <Link to="/break-glass/$id" params={{ id }}>
            {id}
          </Link>
        )}{" "}
        <Badge tone={state === "reviewed" || state === "over" ? "quiet" : "bad"}>
          {state.replaceAll("-", " ")}
        </Badge>
      </h2>
      <dl className="inline">
        <dt>About</dt>
        <dd>
          {asked.service} <Foreign text={asked.version} most={80} /> in {asked.environment}
        </dd>
        <dt>Reason</dt>
        <dd>
          <Foreign text={asked.reason} most={4000} />
        </dd>
        <dt>Set aside</dt>
        <dd>
          <ul>
            {basis.asides.map(({ of, says }) => (
              <li key={of}>
                <code>{of}</code> <Foreign text={says} most={600} />
              </li>
            ))}
          </ul>
        </dd>
        <dt>Until</dt>
        <dd>
          <When at={asked.expires} />
        </dd>
        <dt>Signed by</dt>
        <dd>
          {signatures.length === 0 ? (
            "nobody yet"
          ) : (
            <Foreign
              text={signatures.map(({ name, person }) => name ?? person).join(" and ")}
              most={400}
            />
          )}
          {why === null ? null : (
            <>
              {" "}
              (<Foreign text={why} most={600} />)
            </>
          )}
        </dd>
        {used === null ? null : (
          <>
            <dt>Went through</dt>
            <dd>
              <Link to="/promotions/$id" params={{ id: used.promotion }}>
                {used.promotion}
              </Link>
            </dd>
          </>
        )}
        <dt>Review</dt>
        <dd>
          {review === null ? (
            state === "review-owed" ? (
              <>
                {overdue ? "OVERDUE" : "owed"}
                {due === null ? null : (
                  <>
                    {" "}
                    by <When at={due} />
                  </>
                )}
                {alone ? null : (
                  <>
                    :{" "}
                    <Link to="/break-glass/$id" params={{ id }}>
                      review it
                    </Link>
                  </>
                )}
              </>
            ) : (
              "none"
            )
          ) : (
            <>
              {review.outcome.replaceAll("-", " ")} by{" "}
              <Foreign text={review.name ?? review.person} most={200} />
              {review.alone ? ", who had broken it: there was no second person" : ""}:{" "}
              <Foreign text={review.words} most={4000} />{" "}
              {review.findings.map((finding) => (
                <Link key={finding} to="/findings/$id" params={{ id: finding }}>
                  {finding}{" "}
                </Link>
              ))}
            </>
          )}
        </dd>
      </dl>
    </section>
  );
}
