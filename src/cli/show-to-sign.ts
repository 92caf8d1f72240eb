import { digestBytes, utf8 } from "../evidence/bytes.ts";
import { encodeStatement, type Statement } from "../evidence/statement.ts";
import { signingChallenge } from "../identity/signing/challenge.ts";
import { encodeBase64url } from "../identity/webauthn/enrolment.ts";
import { clean, type Terminal } from "./terminal.ts";

/**
 * What somebody would sign in a browser, made on this machine: text, its digest, and the challenge that a passkey is asked
 * to sign. A browser has no trusted display, so that people compare what its page shows with what is printed here.
 */
export function showToSign(
  terminal: Terminal,
  lines: readonly string[],
  statement: Statement,
): void {
  for (const line of lines) terminal.note(clean(line, 10_000));
  terminal.note(`text       ${digestBytes(utf8(`${lines.join("\n")}\n`))}`);
  terminal.note(`challenge  ${encodeBase64url(signingChallenge(encodeStatement(statement)))}`);
}
