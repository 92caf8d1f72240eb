import type { BreakGlassView } from "../../api/routes/break-glass.ts";
import type { Card } from "../output/print.ts";
import { when } from "../output/words.ts";
import { clean } from "../terminal.ts";

/** What is set aside, who signed it, and what is to be done next. */
export function glassCard(view: BreakGlassView): Card<BreakGlassView> {
  const { asked, basis, signatures, used, review } = view;
  return {
    item: view,
    name: view.id,
    lines: [
      ["glass", view.id],
      ["state", glassState(view)],
      ["about", `${asked.service}@${clean(asked.version)} in ${asked.environment}`],
      ["reason", clean(asked.reason, 4_000)],
      ...basis.asides.map(({ of, says, check }): [string, string] => [
        "SETS ASIDE",
        clean(`${of}${check?.verdict === "any" ? " (whatever it says)" : ""}: ${says}`, 2_000),
      ]),
      ["findings", basis.findings === null ? "not looked at" : `${basis.findings.length} open`],
      ["until", when(asked.expires)],
      ["plan", asked.plan],
      ["policy", asked.policy],
      ["decision", asked.decision],
      ["signed by", clean(signatures.map(({ name, person }) => name ?? person).join(", ") || "nobody")], // prettier-ignore
      ...(used === null
        ? []
        : [
            ["went through", `${used.promotion}, ${when(used.at)}`] as [string, string],
            ["review due", `${when(view.due)}${view.overdue ? " OVERDUE" : ""}`] as [
              string,
              string,
            ],
          ]),
      ...(review === null
        ? []
        : [
            [
              "review",
              clean(
                `${review.outcome} by ${review.name ?? review.person}${review.alone ? " ALONE, who had broken it: no second person (solo mode)" : ""}, ${when(review.at)}: ${review.words}`,
                4_000,
              ),
            ] as [string, string],
            ["follow-ups", review.findings.join(", ") || "none"] as [string, string],
          ]),
      ["next", nextFor(view)],
    ],
  };
}

export function glassState({ state, why, overdue }: BreakGlassView): string {
  if (state === "in-force") return "IN FORCE: one promotion may go past its gate";
  if (state === "review-owed") return overdue ? "REVIEW OVERDUE" : "REVIEW OWED";
  return clean(why === null ? state : `${state}: ${why}`);
}

function nextFor({ id, state, asked, used }: BreakGlassView): string {
  const { service, version, environment } = asked;
  switch (state) {
    case "asked":
      return `somebody else signs it: tidelock break-glass sign ${id} --key <file>`;
    case "in-force":
      return `a promotion that waits goes on by itself; else begin it: tidelock promote ${service}@${clean(version)} --to ${environment}`;
    case "review-owed":
      return `somebody who did not break it: tidelock break-glass review ${id} --outcome justified --words … --key <file>`;
    default:
      return used === null
        ? "nothing"
        : `see what went through it: tidelock gate explain ${used.promotion}`;
  }
}
