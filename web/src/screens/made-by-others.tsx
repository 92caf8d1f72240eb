import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { SponsorsView } from "../../../src/api/routes/people.ts";
import { ownSponsorsQuery, sayTheyAreMine } from "../api/accounts.ts";
import { queryClient } from "../api/queries.ts";
import { Answer, Problem } from "../parts/answer.tsx";
import { Foreign } from "../parts/foreign.tsx";
import { When } from "../parts/when.tsx";

/**
 * What others made for whoever is signed in: their approvals do not count on the work of who made it, until a third person
 * vouches, or a provider that may, for what they tick here.
 */
export function MadeByOthers() {
  const sponsors = useQuery(ownSponsorsQuery);
  return (
    <section>
      <h2>Made for you by others</h2>
      <Answer query={sponsors}>{(view) => <Acts view={view} />}</Answer>
    </section>
  );
}

function Acts({ view }: { readonly view: SponsorsView }) {
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [error, setError] = useState<unknown>(null);
  const open = view.acts.filter((act) => act.open);
  if (open.length === 0) return <p>Nothing is open: somebody has vouched for all of it.</p>;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        setError(null);
        sayTheyAreMine(chosen).then(() => {
          setChosen([]);
          void queryClient.invalidateQueries({ queryKey: ["account", "sponsors"] });
        }, setError);
      }}
    >
      <p>
        Your approvals do not count on the work of who made these, until a third person vouches for
        you. A provider counts as one where it may, when you have signed in there within the last
        ten minutes: tick what you know to be yours, and nothing else. A key that you do not know is
        somebody else’s.
      </p>
      <fieldset>
        <legend>Which of these are yours?</legend>
        {open.map(({ operation, what, at, by }) => (
          <label key={operation} className="row">
            <input
              type="checkbox"
              checked={chosen.includes(operation)}
              onChange={({ target }) =>
                setChosen((before) =>
                  target.checked
                    ? [...before, operation]
                    : before.filter((one) => one !== operation),
                )
              }
            />
            <span>
              <Foreign text={what} />, <When at={at} />, from{" "}
              <Foreign
                text={
                  by.map(({ name, person }) => name ?? person).join(", ") || "nobody knows whom"
                }
              />
              <span className="muted"> ({operation})</span>
            </span>
          </label>
        ))}
      </fieldset>
      <p className="row">
        <button type="submit" disabled={chosen.length === 0}>
          These are mine
        </button>
      </p>
      {error === null ? null : <Problem error={error} />}
    </form>
  );
}
