import type { ApprovalView } from "../../api/routes/approvals.ts";
import type { Card } from "../output/print.ts";
import { when } from "../output/words.ts";
import { clean } from "../terminal.ts";

/** What people are asked to sign, what they signed, and what the gate makes of it. */
export function approvalCard(view: ApprovalView): Card<ApprovalView> {
  const { asked, answers } = view;
  return {
    item: view,
    name: view.id,
    lines: [
      ["request", view.id],
      ["state", view.why === null ? view.state : `${view.state}: ${clean(view.why)}`],
      ["about", `${asked.service}@${clean(asked.version)} in ${asked.environment}`],
      ["promotion", clean(asked.promotion)],
      ["asked", `${asksIn(view)}; ${when(view.at)}`],
      ["release", asked.release],
      ["configuration", asked.configuration],
      ["plan", asked.plan],
      ["policy", asked.policy],
      ["decision", asked.decision],
      ["ledger", clean(asked.ledger)],
      ...answers.map((answer): [string, string] => ["answer", answerText(answer)]),
      ...view.says.map(({ outcome, message }): [string, string] => [outcome, clean(message)]),
    ],
  };
}

export function asksIn({ asked }: ApprovalView): string {
  return asked.asks.map(({ roles, count }) => `${count} of ${roles.join(" or ")}`).join(" and ");
}

function answerText(answer: ApprovalView["answers"][number]): string {
  const { purpose, name, person, role, method, asserted, reason, at } = answer;
  const copied = asserted?.backupEligible === true ? ", a key that can be copied" : "";
  const how = method === "key" ? "key file" : `passkey${copied}`;
  return `${purpose === "approve" ? "approved" : "REJECTED"} as ${role} by ${clean(name ?? "(erased)")} ${person}, ${when(at)} (${how})${reason === null ? "" : `: ${clean(reason)}`}`;
}
