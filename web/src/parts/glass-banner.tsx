import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { glassesQuery } from "../api/break-glass-queries.ts";

/** On every page as long as a glass is broken, or nobody has reviewed it. */
export function GlassBanner() {
  const { data } = useQuery(glassesQuery("open"));
  const items = data?.items ?? [];
  return (
    <div role="status" className={items.length > 0 ? "banner" : ""}>
      {items.map(({ id, state, asked, overdue }) => (
        <p key={id}>
          <Link to="/break-glass/$id" params={{ id }}>
            {id}
          </Link>
          : {wordsOf(state, overdue)} for {asked.service} {asked.version} in {asked.environment}.
        </p>
      ))}
    </div>
  );
}

function wordsOf(state: string, overdue: boolean): string {
  if (state === "review-owed") {
    return `GLASS BROKEN, and its review is ${overdue ? "OVERDUE" : "owed"}`;
  }
  return state === "in-force"
    ? "GLASS BROKEN, nothing went through it yet"
    : "somebody asks to break the glass";
}
