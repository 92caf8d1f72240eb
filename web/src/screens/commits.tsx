import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { FormEvent } from "react";
import type { TraceView } from "../../../src/api/views.ts";
import { traceQuery } from "../api/queries.ts";
import { Answer } from "../parts/answer.tsx";
import { Page } from "../parts/page.tsx";
import { Badge } from "../parts/status.tsx";
import { When } from "../parts/when.tsx";

/** From a commit to the releases that carry it and the environments it has reached. */
export function Commits() {
  const { revision } = useSearch({ from: "/commits" });
  const navigate = useNavigate({ from: "/commits" });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const typed = String(new FormData(event.currentTarget).get("revision") ?? "");
    void navigate({ search: { revision: typed.trim().toLowerCase() } });
  };
  return (
    <Page title="Commits">
      <form className="row" onSubmit={submit} key={revision ?? ""}>
        <label>
          Revision{" "}
          <input
            name="revision"
            className="revision"
            defaultValue={revision ?? ""}
            pattern="\s*[0-9a-fA-F]{7,64}\s*"
            title="7 to 64 hex digits"
            spellCheck={false}
            autoComplete="off"
            required
          />
        </label>
        <button type="submit" className="primary">
          Trace
        </button>
      </form>
      {revision === undefined ? (
        <p className="muted">
          Type a revision, or its first seven digits or more. Shown are the releases that brought
          the commit: made from it, or from a later one while an older release was live.
        </p>
      ) : (
        <Trace revision={revision} />
      )}
    </Page>
  );
}

function Trace({ revision }: { readonly revision: string }) {
  const trace = useQuery(traceQuery(revision));
  return (
    <Answer query={trace}>
      {({ items }) =>
        items.length === 0 ? (
          <p role="status">No release carries a commit that begins with {revision}.</p>
        ) : (
          items.map((commit) => <CommitWay key={commit.revision} commit={commit} />)
        )
      }
    </Answer>
  );
}

function CommitWay({ commit }: { readonly commit: TraceView }) {
  return (
    <section aria-labelledby={commit.revision}>
      <h2 id={commit.revision}>{commit.subject}</h2>
      <p className="muted">
        <code className="digest">{commit.revision}</code> by {commit.author},{" "}
        <When at={commit.at} />
      </p>
      {commit.releases.length === 0 ? <p>No release carries it yet.</p> : null}
      {commit.releases.map((release) => (
        <table key={release.id}>
          <caption>
            {release.service}@{release.version}
          </caption>
          <thead>
            <tr>
              <th scope="col">Environment</th>
              <th scope="col">State</th>
              <th scope="col">First there</th>
              <th scope="col">Until</th>
            </tr>
          </thead>
          <tbody>
            {release.environments.length === 0 ? (
              <tr>
                <td colSpan={4}>It has reached no environment yet.</td>
              </tr>
            ) : null}
            {release.environments.map((place) => (
              <tr key={place.environment}>
                <th scope="row">{place.environment}</th>
                <td>
                  {place.live ? (
                    <Badge tone="good">live</Badge>
                  ) : (
                    <Badge tone="quiet">was live</Badge>
                  )}
                </td>
                <td>
                  <When at={place.first} />
                </td>
                <td>{place.until === null ? null : <When at={place.until} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ))}
    </section>
  );
}
