import type { ApprovalView } from "../../api/routes/approvals.ts";
import type { Client } from "../../api/client.ts";
import { requireSame } from "../../identity/approval/recomputed.ts";
import { approvalText } from "../../identity/approval/text.ts";
import { approvalStatement } from "../../identity/approval/statement.ts";
import type { ApprovalAnswer } from "../../model/approval.ts";
import { TidelockError } from "../../model/errors.ts";
import type { CommandContext } from "../context.ts";
import { signerOf } from "../evidence/signer.ts";
import { whoseKey } from "../evidence/whose-key.ts";
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
  const role = await roleOf(client, view, given);
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

/** The one that was named, the only one that is asked, or the only one as which this person's answer would count. */
async function roleOf(
  client: Client,
  { id, asked }: ApprovalView,
  { role: named, purpose, key }: Pick<Answering, "role" | "purpose"> & { readonly key: string },
): Promise<string> {
  const roles = [...new Set(asked.asks.flatMap((ask) => ask.roles))];
  if (named !== undefined) {
    if (roles.includes(named)) return named;
    throw whichRole(`nobody is asked as ${named}`, roles);
  }
  const [first, another] = roles;
  if (first !== undefined && another === undefined) return first;
  const mine = await client.call("approvalMine", { params: { id } });
  // Whoever hands in somebody else's signature is told nothing of them.
  const { person } = await whoseKey(client, signerOf(key).name);
  if (mine.person?.person !== person) {
    throw whichRole("several roles are asked: say as which one", roles);
  }
  const counting = mine.roles.filter(({ against }) => against === null).map((one) => one.role);
  const [only, second] = counting;
  if (only !== undefined && second === undefined) return only;
  const [why] = mine.roles.toSorted(
    (a, b) => Number(b.wayOut !== null) - Number(a.wayOut !== null),
  );
  if (only === undefined && why && purpose === "approve") {
    throw new TidelockError("forbidden", `your approval would not count: ${why.against ?? ""}`, {
      fault: "operator",
      where: id,
      hint:
        why.wayOut ??
        `to give the right: tidelock person grant ${mine.person.name ?? "<name>"} --approve <${roles.join(" or ")}>`,
    });
  }
  throw whichRole(
    "several roles are asked: say as which one",
    only === undefined ? roles : counting,
  );
}

function whichRole(message: string, roles: readonly string[]): TidelockError {
  const hint = `one of ${roles.join(", ")}`;
  return new TidelockError("invalid-input", message, { fault: "operator", where: "--role", hint });
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
