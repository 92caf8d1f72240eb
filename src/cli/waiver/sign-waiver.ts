import type { Client } from "../../api/client.ts";
import type { WaiverView } from "../../api/routes/waivers.ts";
import { waiverStatement, waiverText } from "../../evidence/predicates/waiver-consent.ts";
import type { CommandContext } from "../context.ts";
import { type SigningOptions, signShown } from "../sign-shown.ts";

/** Signs a waiver as it is shown, and hands the signature in. */
export async function signWaiver(
  context: CommandContext,
  client: Client,
  { id, waived }: WaiverView,
  options: SigningOptions,
): Promise<WaiverView> {
  const shown = {
    text: (person: string) => waiverText(waived, person),
    statement: (person: string) => waiverStatement(waived, person),
  };
  const envelope = await signShown(context, client, shown, options);
  return client.call("waiverSign", { params: { id }, body: { envelope } });
}
