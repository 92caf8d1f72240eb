import type { ProposalView } from "../../api/finding-views.ts";
import { when } from "../output/words.ts";
import { clean } from "../terminal.ts";

export function proposalCard(view: ProposalView) {
  const { proposed, state, consents } = view;
  const { act } = proposed;
  const what = act.kind === "false-positive" ? "a false positive" : `${act.severity}, not ${proposed.severity}`; // prettier-ignore
  return {
    item: view,
    name: view.id,
    lines: [
      ["proposal", view.id],
      ["finding", clean(`${proposed.finding}  ${proposed.title}`)],
      ["says", what],
      ["until", when(act.until)],
      ["reason", clean(act.reason)],
      ["state", state === "waiting" ? `waits for ${2 - consents.length} signatures of different people` : state], // prettier-ignore
      [
        "signed by",
        clean(consents.map(({ name, person }) => name ?? person).join(", ") || "nobody"),
      ],
    ] as const,
  };
}
