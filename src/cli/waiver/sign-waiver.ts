import type { Client } from "../../api/client.ts";
import type { WaiverView } from "../../api/routes-waivers.ts";
import { encodeBase64 } from "../../evidence/bytes.ts";
import { encodeEnvelope } from "../../evidence/dsse.ts";
import { waiverStatement, waiverText } from "../../evidence/predicates/waiver-consent.ts";
import { signStatement } from "../../evidence/statement.ts";
import { confirm } from "../confirm.ts";
import type { CommandContext } from "../context.ts";
import { signerOf } from "../evidence/signer.ts";
import { whoseKey } from "../evidence/whose-key.ts";
import { clean } from "../terminal.ts";

/** Shows in words what is about to be signed, and signs it on this machine: the key goes nowhere. */
export async function signShown(
  context: CommandContext,
  client: Client,
  view: WaiverView,
  { key, yes }: { readonly key: string; readonly yes: boolean },
): Promise<WaiverView> {
  const signer = signerOf(key);
  const { person, name } = await whoseKey(client, signer.name);
  for (const line of waiverText(view.waived, person)) context.terminal.note(clean(line, 10_000));
  context.terminal.note(`(${person} is ${clean(name)})`);
  await confirm(context, "Sign this?", yes);
  const statement = waiverStatement(view.waived, person);
  const envelope = encodeBase64(encodeEnvelope(await signStatement(signer, statement)));
  return client.call("waiverSign", { params: { id: view.id }, body: { envelope } });
}
