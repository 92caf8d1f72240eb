import type { GovernanceView } from "../../api/routes/policy.ts";
import { when } from "../output/words.ts";

export function governanceCard(view: GovernanceView) {
  const { mode, signers, history } = view;
  return {
    item: view,
    name: mode,
    lines: [
      ["governance", mode],
      [
        "means",
        mode === "team"
          ? "a change of policy takes effect when two different people have signed it"
          : "whoever may apply a document changes policy, and every decision says `solo`",
      ],
      ["can sign", signers.map(({ name, person }) => name ?? person).join(", ") || "nobody"],
      ...history.map(
        (one) =>
          [
            "set",
            `${one.mode}, ${when(one.at)}, by ${one.by}${one.proposal === null ? "" : ` (signed: ${one.proposal})`}`,
          ] as const,
      ),
    ] as const,
  };
}
