import { bannedRule, type Ground, ground } from "./decide.ts";
import type { Passing } from "./schedule.ts";

/** Something that somebody stopped, and that stays so until somebody says why not any more. */
export interface StopSays {
  /** `S-12`. */
  readonly id: string;
  /** `line`: nothing goes forward there. `ban`: this content goes nowhere, under whatever version. */
  readonly kind: "line" | "ban";
  /** What it is about, for people: `shop/production`, `shop@1.4.2`. */
  readonly scope: string;
  readonly reason: string;
  readonly by: string;
  /** RFC 3339. */
  readonly since: string;
}

/**
 * A stopped line waits for a person, and holds up no return (law 9). A banned release is denied both ways: that it is
 * known to be worse is the one thing that a return asks.
 * Where the release before was stopped already it is started again, instead of waiting without any.
 */
export function stopGrounds(
  stops: readonly StopSays[] | undefined,
  { returning, underWay }: Passing,
): Ground[] {
  return (stops ?? []).map(({ id, kind, scope, reason, by, since }) => {
    if (kind === "ban") {
      const message = `${scope} is banned since ${since} by ${by}: ${reason} (${id}); lift it with \`tidelock release unban ${id} --reason …\``;
      return ground("deny", bannedRule, message);
    }
    const message = `the line ${scope} is stopped since ${since} by ${by}: ${reason} (${id})`;
    if (returning) {
      return ground("allow", "line", `${message}; a return of traffic is not held up by it`);
    }
    if (underWay) return ground("deny", "line", `${message}; the release before it comes back`);
    return ground("wait", "line", `${message}; clear it: tidelock line clear ${id} --reason …`);
  });
}
