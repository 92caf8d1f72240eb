import { breakable } from "./break-glass.ts";
import { type Ground, ground } from "./decide.ts";

/** How the release to be promoted fares in an environment that must have verified it first. */
export interface Predecessor {
  readonly environment: string;
  /** When a promotion of this very release completed there (RFC 3339); null when none did, or it was revoked. */
  readonly verifiedAt: string | null;
  /** That brought it there, for people; absent in older inputs. No rule reads it. */
  readonly promotion?: string | null;
  /** The latest unbroken time in which it was live and healthy there. */
  readonly healthy: { readonly from: string; readonly until: string | null } | null;
  /** How long that time must be, in milliseconds. */
  readonly soakMs: number;
}

/**
 * One reason for each predecessor: verified, and continuously healthy for the soak time. A soak that is
 * still running is a wait with its end; one that broke off too early is a denial, as time cannot mend it.
 */
export function predecessorGround(predecessor: Predecessor, now: string): Ground {
  return breakable(saidOf(predecessor, now), { of: `predecessor ${predecessor.environment}` });
}

function saidOf(predecessor: Predecessor, now: string): Ground {
  const { environment, verifiedAt, healthy, soakMs } = predecessor;
  if (verifiedAt === null || Number.isNaN(Date.parse(verifiedAt))) {
    const message = `${environment} has not verified this release; promote it there first`;
    return ground("deny", "predecessor.verified", message);
  }
  if (soakMs === 0) return ground("allow", "predecessor.verified", `${environment} verified it`);
  if (healthy === null) {
    const message = `it is not live and healthy in ${environment}, where it must stay for ${span(soakMs)}`;
    return ground("deny", "predecessor.soak", message);
  }
  const from = Math.max(Date.parse(healthy.from), Date.parse(verifiedAt));
  const end = Date.parse(healthy.until ?? now);
  const lasted = end - from;
  // Written so that an unreadable time (NaN) never opens.
  if (lasted >= soakMs) {
    return ground("allow", "predecessor.soak", `it soaked in ${environment} for ${span(lasted)}`);
  }
  if (healthy.until !== null || !Number.isFinite(lasted)) {
    const message = `it was healthy in ${environment} for ${span(lasted)} only, ${span(soakMs)} in a row are demanded`;
    return ground("deny", "predecessor.soak", message);
  }
  const until = new Date(from + soakMs).toISOString();
  const message = `it soaks in ${environment} until ${until} (${span(soakMs)} in a row)`;
  return ground("wait", "predecessor.soak", message, until);
}

/**
 * What came before it once, and does not any more: said, and nothing is held up by it. One person may have taken it
 * out, where no second one is asked (`solo`).
 */
export function droppedGrounds(dropped: readonly string[] | undefined): Ground[] {
  return (dropped ?? []).map((environment) =>
    ground(
      "allow",
      "predecessor.dropped",
      `${environment} came before it when what is live here came, and does not any more: the pipeline was changed`,
    ),
  );
}

/** Milliseconds for people: `90s` is `1m 30s`. */
export function span(ms: number): string {
  if (!Number.isFinite(ms)) return "an unknown time";
  if (ms < 1_000) return `${Math.max(0, Math.floor(ms))}ms`;
  let rest = Math.floor(ms / 1_000);
  const parts: string[] = [];
  for (const [unit, size] of spans) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.slice(0, 2).join(" ");
}

const spans: readonly (readonly [string, number])[] = [
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
  ["s", 1],
];
