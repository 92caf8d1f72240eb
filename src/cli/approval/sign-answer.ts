import type { ApprovalView } from "../../api/routes-approvals.ts";
import type { Client } from "../../api/client.ts";
import { requireSame } from "../../identity/approval/recomputed.ts";
import { approvalText } from "../../identity/approval/text.ts";
import { approvalStatement } from "../../identity/approval/statement.ts";
import type { ApprovalAnswer } from "../../model/approval.ts";
import { TidelockError } from "../../model/errors.ts";
import type { CommandContext } from "../context.ts";
import { signShown } from "../sign-shown.ts";

export interface Answering {
  readonly purpose: ApprovalAnswer["purpose"];
  readonly role: string | undefined;
  readonly reason: string;
  readonly notBefore: string | null;
  readonly expires: string | null;
}

/** Shows in words what is about to be signed, signs it on this machine, and hands it in. */
export async function signAnswer(
  context: CommandContext,
  client: Client,
  id: string,
  given: Answering & { readonly key: string; readonly yes: boolean },
): Promise<ApprovalView> {
  const view = await client.call("approvalShow", { params: { id } });
  if (view.state !== "open") {
    throw new TidelockError(
      "conflict",
      `it is ${view.state}: ${view.why ?? "nobody waits for it"}`,
      {
        fault: "operator",
        where: view.id,
        hint: "see what waits: tidelock approval list",
      },
    );
  }
  requireSame(view);
  const { asked, basis } = view;
  const { key, yes, purpose, reason, notBefore, expires } = given;
  const role = roleOf(view, given.role);
  const answer = (person: string): ApprovalAnswer => ({
    purpose,
    person,
    role,
    reason,
    notBefore,
    expires,
  });
  const signed = await signShown(
    context,
    client,
    {
      text: (person) => approvalText({ asked, basis }, answer(person)),
      statement: (person) => approvalStatement({ asked, basis }, answer(person)),
    },
    { key, yes },
  );
  return client.call("approvalAnswer", { params: { id: view.id }, body: { signed } });
}

/** The only one that is asked, or the one that was named. */
function roleOf({ asked }: ApprovalView, named: string | undefined): string {
  const roles = [...new Set(asked.asks.flatMap((ask) => ask.roles))];
  const role = named ?? (roles.length === 1 ? roles[0] : undefined);
  if (role !== undefined && roles.includes(role)) return role;
  throw new TidelockError(
    "invalid-input",
    named === undefined
      ? "several roles are asked: say as which one"
      : `nobody is asked as ${named}`,
    { fault: "operator", where: "--role", hint: `one of ${roles.join(", ")}` },
  );
}

/** A moment as people write it, in RFC 3339. Throws `invalid-input`. */
export function momentOf(value: string | undefined, where: string): string | null {
  if (value === undefined) return null;
  const time = new Date(value);
  if (!Number.isNaN(time.getTime())) return time.toISOString();
  throw new TidelockError("invalid-input", `${value} is no time`, {
    fault: "operator",
    where,
    hint: "2026-12-31, or 2026-12-31T22:00:00Z",
  });
}
