const parts = {
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  // Whoever reads it to somebody elsewhere, or off a screenshot, needs to know whose clock it is.
  timeZoneName: "short",
} as const;
const ofThisYear = new Intl.DateTimeFormat(undefined, parts);
const ofAnotherYear = new Intl.DateTimeFormat(undefined, { ...parts, year: "numeric" });

/** A moment in the reader's own time zone, which it names, with its year unless it is this one; in UTC in the tooltip. */
export function When({ at }: { readonly at: string }) {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return <>{at}</>;
  return (
    <time dateTime={at} title={at}>
      {formatOf(date).format(date)}
    </time>
  );
}

function formatOf(date: Date): Intl.DateTimeFormat {
  return date.getFullYear() === new Date().getFullYear() ? ofThisYear : ofAnotherYear;
}

/** From the first moment to the second, e.g. `3.2 s`; empty while either is missing. */
export function Took({ from, to }: { readonly from: string | null; readonly to: string | null }) {
  if (from === null || to === null) return null;
  const ms = Date.parse(to) - Date.parse(from);
  if (!Number.isFinite(ms) || ms < 0) return null;
  return <>{ms < 60_000 ? `${(ms / 1_000).toFixed(1)} s` : `${(ms / 60_000).toFixed(1)} min`}</>;
}
