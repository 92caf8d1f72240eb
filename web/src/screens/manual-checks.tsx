import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { openChecksQuery } from "../api/manual-queries.ts";
import { Answer } from "../parts/answer.tsx";
import { Foreign } from "../parts/foreign.tsx";
import { Page } from "../parts/page.tsx";
import { When } from "../parts/when.tsx";

/** Checks that wait for a person. */
export function ManualChecks() {
  const open = useQuery(openChecksQuery);
  return (
    <Page title="Manual checks">
      <Answer query={open}>
        {({ items }) =>
          items.length === 0 ? (
            <p role="status">No check waits for a person.</p>
          ) : (
            <>
              <p role="status">
                {items.length === 1 ? "1 check waits" : `${items.length} checks wait`} for a person.
              </p>
              <div className="scroll" role="group" aria-label="Manual checks" tabIndex={0}>
                <table>
                  <thead>
                    <tr>
                      <th scope="col">Check</th>
                      <th scope="col">What</th>
                      <th scope="col">Where</th>
                      <th scope="col">Role</th>
                      <th scope="col">Who may answer</th>
                      <th scope="col">Until</th>
                    </tr>
                  </thead>
                  <tbody>
                    {items.map((one) => (
                      <tr key={one.id}>
                        <th scope="row">
                          <Link to="/manual-checks/$id" params={{ id: one.id }}>
                            {one.check}
                          </Link>
                        </th>
                        <td>
                          {one.service}{" "}
                          <Foreign text={one.release.version ?? one.release.id} most={80} />
                        </td>
                        <td>
                          {one.environment}
                          {one.colour === null ? "" : ` (${one.colour})`}
                        </td>
                        <td>{one.role}</td>
                        <td>
                          {one.holders.length === 0 ? (
                            "nobody yet"
                          ) : (
                            <Foreign text={one.holders.join(", ")} most={300} />
                          )}
                        </td>
                        <td>
                          <When at={one.answerUntil} />
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            </>
          )
        }
      </Answer>
    </Page>
  );
}
