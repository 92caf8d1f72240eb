import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { promotionPage } from "../api/queries.ts";
import { Answer } from "../parts/answer.tsx";
import { More } from "../parts/more.tsx";
import { Page } from "../parts/page.tsx";
import { Foreign } from "../parts/foreign.tsx";
import { State } from "../parts/status.tsx";
import { When } from "../parts/when.tsx";

export function Promotions() {
  const filter = useSearch({ from: "/promotions" });
  const promotions = useQuery(promotionPage(filter.after));
  return (
    <Page title="Promotions">
      <Answer query={promotions}>
        {({ items, next }) =>
          items.length === 0 ? (
            <p role="status">
              Nothing was promoted yet. To begin: <code>tidelock promote --help</code>
            </p>
          ) : (
            <>
              <div className="scroll" role="group" aria-label="Promotions" tabIndex={0}>
                <table>
                  <thead>
                    <tr>
                      <th scope="col">Promotion</th>
                      <th scope="col">State</th>
                      <th scope="col">Release</th>
                      <th scope="col">Environment</th>
                      <th scope="col">Created</th>
                      <th scope="col">By</th>
                      <th scope="col">Message</th>
                    </tr>
                  </thead>
                  <tbody>
                    {items.map((promotion) => (
                      <tr key={promotion.id}>
                        <th scope="row">
                          <Link to="/promotions/$id" params={{ id: promotion.id }}>
                            {promotion.id}
                          </Link>
                        </th>
                        <td>
                          <State state={promotion.waiting === null ? promotion.state : "waiting"} />
                          {promotion.kind === "rollback" ? " rollback" : null}
                        </td>
                        <td>
                          {promotion.service}@{promotion.release.version}
                        </td>
                        <td>{promotion.environment}</td>
                        <td>
                          <When at={promotion.createdAt} />
                        </td>
                        <td>{promotion.createdBy}</td>
                        <td className="what">
                          <Foreign
                            text={promotion.waiting?.reason ?? promotion.message}
                            most={300}
                          />
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
              <More to="/promotions" search={{ ...filter }} next={next} />
            </>
          )
        }
      </Answer>
    </Page>
  );
}
