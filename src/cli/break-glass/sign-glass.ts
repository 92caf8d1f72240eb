import type { Client } from "../../api/client.ts";
import type { BreakGlassView } from "../../api/routes/break-glass.ts";
import { glassDigest, glassStatement } from "../../identity/break-glass/statement.ts";
import { glassText } from "../../identity/break-glass/text.ts";
import type { GlassAnswer } from "../../model/break-glass.ts";
import { digestOf } from "../../model/canonical.ts";
import { TidelockError } from "../../model/errors.ts";
import type { CommandContext } from "../context.ts";
import { type SigningOptions, signShown } from "../sign-shown.ts";

/** Shows in words what is about to be signed, and signs exactly that on this machine. Answers it in base64. */
export async function signGlassShown(
  context: CommandContext,
  client: Client,
  view: BreakGlassView,
  answer: (person: string) => GlassAnswer,
  options: SigningOptions,
): Promise<string> {
  requireSameGlass(view);
  const { asked, basis } = view;
  return signShown(
    context,
    client,
    {
      text: (person) => glassText({ asked, basis }, answer(person)),
      statement: (person) => glassStatement({ asked, basis }, answer(person)),
    },
    options,
  );
}

/** Plan and decision are those whose digests would be signed. Throws `digest-mismatch`. */
export function requireSameGlass({ id, asked, basis, plan }: BreakGlassView): void {
  const wrong = [
    ...(plan !== null && digestOf(plan) !== asked.plan ? ["plan"] : []),
    ...(glassDigest(basis) === asked.decision ? [] : ["decision"]),
    ...(asked.glass === id ? [] : ["number"]),
  ];
  if (wrong.length === 0) return;
  throw new TidelockError(
    "digest-mismatch",
    `the ${wrong.join(" and ")} of ${id} are not what the server says`,
    {
      where: id,
      hint: "sign nothing; see tidelock ledger verify --state",
    },
  );
}
