import type { PromotionView } from "../../api/views.ts";
import { exit, type ExitCode } from "../exit-codes.ts";

/** How a command ends that waited for this promotion; whoever aborts wants it aborted. */
export function outcomeCode(
  promotion: PromotionView,
  wanted: "complete" | "aborted" = "complete",
): ExitCode {
  if (promotion.state === wanted) return exit.done;
  return promotion.decision?.outcome === "deny" ? exit.denied : exit.failed;
}

/** One sentence: what became of it, and what to do now. */
export function outcomeLine(promotion: PromotionView): string {
  const { service, environment, release, kind } = promotion;
  const what = `${service}@${release.version}`;
  switch (promotion.state) {
    case "complete": {
      const verb = kind === "rollback" ? "is back" : "is live";
      return `${what} ${verb} in ${environment}${promotion.colour === null ? "" : ` on ${promotion.colour}`}`;
    }
    case "failed":
      return `${what} did not reach ${environment}: ${reason(promotion)}`;
    case "rolled-back":
      return `${what} was live in ${environment} and the traffic was returned: ${reason(promotion)}`;
    case "aborted":
      return `the promotion of ${what} to ${environment} was aborted`;
    case "superseded":
      return `another promotion to ${environment} took the place of ${what}`;
    default:
      return `${what} is on its way to ${environment} (${promotion.state})`;
  }
}

function reason(promotion: PromotionView): string {
  const denials =
    promotion.decision?.outcome === "deny"
      ? promotion.decision.reasons.filter(({ outcome }) => outcome === "deny")
      : [];
  if (denials.length > 0) return denials.map(({ message }) => message).join("; ");
  const failed = promotion.steps.find((step) => step.state === "failed");
  if (promotion.message !== "") return promotion.message;
  return failed === undefined ? promotion.state : `${failed.title}: ${failed.message}`;
}
