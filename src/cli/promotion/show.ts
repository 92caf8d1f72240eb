import type { PromotionView } from "../../api/views.ts";
import type { Card, Column } from "../output/print.ts";
import { stateWord, when } from "../output/words.ts";

type Summary = Omit<PromotionView, "steps" | "checks" | "decision">;

export const promotionColumns: readonly Column<Summary>[] = [
  { title: "id", value: (item) => item.id },
  { title: "release", value: (item) => `${item.service}@${item.release.version}` },
  { title: "environment", value: (item) => item.environment },
  { title: "kind", wide: true, value: (item) => item.kind },
  { title: "state", value: (item) => stateWord(item.state) },
  { title: "colour", wide: true, value: (item) => item.colour ?? "-" },
  { title: "created", value: (item) => when(item.createdAt) },
  { title: "by", wide: true, value: (item) => item.createdBy },
  { title: "message", value: (item) => item.waiting?.reason ?? item.message },
];

export function promotionCard(promotion: PromotionView): Card<PromotionView> {
  const { waiting, decision } = promotion;
  return {
    item: promotion,
    name: promotion.id,
    lines: [
      ["promotion", `${promotion.id} (${promotion.kind})`],
      ["release", `${promotion.service}@${promotion.release.version} (${promotion.release.id})`],
      ["environment", promotion.environment],
      ["configuration", `version ${promotion.configuration.version}`],
      ["state", stateWord(promotion.state)],
      ["waits for", waiting === null ? null : `${waiting.who}: ${waiting.reason}`],
      ["message", promotion.message === "" ? null : promotion.message],
      ["colour", promotion.colour],
      ["created", `${when(promotion.createdAt)} by ${promotion.createdBy}`],
      ["ended", promotion.endedAt === null ? null : when(promotion.endedAt)],
      ["plan", promotion.planDigest],
      ["decision", decision === null ? null : stateWord(decision.outcome)],
      ...(decision?.reasons ?? []).map(
        ({ outcome, message, rule }) =>
          ["", `${stateWord(outcome)}  ${message} (${rule})`] as const,
      ),
    ],
  };
}
