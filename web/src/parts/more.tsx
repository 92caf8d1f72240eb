import { Link } from "@tanstack/react-router";

/** The next page of a list, where there is one. What narrows the list stays. */
export function More({
  to,
  search,
  next,
}: {
  readonly to: "/approvals" | "/waivers" | "/deployments" | "/promotions";
  readonly search: Readonly<Record<string, string | undefined>>;
  readonly next: string | null;
}) {
  if (next === null && search["after"] === undefined) return null;
  const { after, ...narrowed } = search;
  return (
    <p className="row">
      {next === null ? null : (
        <Link to={to} search={{ ...narrowed, after: next }}>
          Older ones
        </Link>
      )}
      {after === undefined ? null : (
        <Link to={to} search={narrowed}>
          Back to the newest
        </Link>
      )}
    </p>
  );
}
