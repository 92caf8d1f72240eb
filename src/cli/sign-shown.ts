import type { Client } from "../api/client.ts";
import { digestBytes, encodeBase64, utf8 } from "../evidence/bytes.ts";
import { encodeEnvelope } from "../evidence/dsse.ts";
import { signStatement, type Statement } from "../evidence/statement.ts";
import { TidelockError } from "../model/errors.ts";
import { printable } from "../model/printable.ts";
import { confirm } from "./confirm.ts";
import type { CommandContext } from "./context.ts";
import { signerOf } from "./evidence/signer.ts";
import { whoseKey } from "./evidence/whose-key.ts";
import { clean } from "./terminal.ts";

/** What a person is asked to sign, made on this machine from what the server sent. */
export interface ToSign {
  /** In words, as it is shown: what the statement's `predicate.text` has to be the digest of. */
  readonly text: (person: string) => readonly string[];
  readonly statement: (person: string) => Statement;
  /** Names of people whom the text has by pseudonym, as the server knows them: said beside it, and not signed. */
  readonly names?: ReadonlyMap<string, string>;
}

/** A private key in PEM, and whether the question was answered beforehand. */
export interface SigningOptions {
  readonly key: string;
  readonly yes: boolean;
}

/**
 * Shows in words what is about to be signed, asks, and signs exactly that on this machine: the key goes nowhere.
 * Answers the envelope in base64, for the route that takes it. What is signed has to carry the digest of the very
 * lines that were shown, all of them and whole.
 */
export async function signShown(
  context: CommandContext,
  client: Client,
  { text, statement, names }: ToSign,
  { key, yes }: SigningOptions,
): Promise<string> {
  const { terminal } = context;
  const signer = signerOf(key);
  const { person, name } = await whoseKey(client, signer.name);
  const lines = text(person);
  const signed = statement(person);
  for (const line of lines.flatMap(shown)) terminal.note(line);
  if (signed.predicate["text"] !== digestBytes(utf8(`${lines.join("\n")}\n`))) {
    throw new TidelockError("internal", "what would be signed is not what was shown", {
      hint: "nothing was signed; is this program of the same version as the server?",
    });
  }
  const known = new Map([...(names ?? []), [person, name] as const]);
  for (const [who, called] of known) terminal.note(`(${who} is ${clean(called)})`);
  await confirm(context, "Sign this?", yes);
  return encodeBase64(encodeEnvelope(await signStatement(signer, signed)));
}

/**
 * Nothing is cut and nothing left out: what acts on a terminal stands as its code. Only a line of ours goes on in
 * the next one (indented), so that a text from outside cannot look like a line of the form.
 */
function shown(line: string): readonly string[] {
  const whole = Number.POSITIVE_INFINITY;
  return line.split(/\n(?= {17})/).map((one) => printable(one.replaceAll("\t", "    "), whole));
}
