import type { WorkloadRuleView } from "../../api/routes/federation.ts";
import { scopeText } from "../access/cards.ts";
import type { Card } from "../output/print.ts";
import { when } from "../output/words.ts";
import { clean } from "../terminal.ts";

export function ruleCard(view: WorkloadRuleView): Card<WorkloadRuleView> {
  const claims = Object.entries(view.claims).map(
    ([claim, values]) => ["claim", clean(`${claim} = ${values.join(" or ")}`)] as const,
  );
  return {
    item: view,
    name: view.name,
    lines: [
      ["rule", view.name],
      ["id", view.id || null],
      ["platform", view.platform],
      ["issuer", clean(view.issuer)],
      ["keys", view.jwks === null ? "asked of the issuer" : `${view.jwks.length} given by hand`],
      ["audience", clean(view.audience)],
      ...claims,
      ...(view.anyWorkflow ? [["workflow", "any"] as const] : []),
      ["gives", `${view.role} for ${view.lastsMs / 60_000} min`],
      ["where", scopeText(view)],
      ["added by", `${clean(view.addedBy)}, ${when(view.addedAt)}`],
      ["given", `${view.given} tokens, ${view.valid} count now`],
      ["last used", view.lastUsedAt === null ? "never" : when(view.lastUsedAt)],
    ],
  };
}
