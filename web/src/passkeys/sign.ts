// First: schemas ask at once.
import "./no-eval.ts";
import type { SignerView } from "../../../src/model/signer-view.ts";
import { digestBytes, encodeBase64, utf8 } from "../../../src/evidence/bytes.ts";
import { statementPayloadType } from "../../../src/evidence/dsse.ts";
import { encodeStatement, type Statement } from "../../../src/evidence/statement.ts";
import { signingChallenge } from "../../../src/identity/signing/challenge.ts";
import { fromBase64url, toBase64url } from "./base64url.ts";
import { assertWith, touchMs } from "./browser.ts";

/**
 * What somebody is about to sign, whatever it is, made on this page from what the server sent, by the code that verifies it
 * later. No digest of the server's is taken for what is shown.
 */
export interface Prepared {
  readonly lines: readonly string[];
  /** Of the lines. */
  readonly text: string;
  readonly payload: Uint8Array;
  /** What the authenticator signs. */
  readonly challenge: Uint8Array;
}

/** Throws where the statement is not about exactly these lines: then this page signs nothing. */
export function prepareStatement(lines: readonly string[], statement: Statement): Prepared {
  const text = digestBytes(utf8(`${lines.join("\n")}\n`));
  if (statement.predicate["text"] !== text) {
    throw new Error("What would be signed is not what is shown. Load this page again.");
  }
  const payload = encodeStatement(statement);
  return { lines, text, payload, challenge: signingChallenge(payload) };
}

export function challengeText({ challenge }: Prepared): string {
  return toBase64url(challenge);
}

/** Stands for whoever is nobody here: what they read is what a person would sign. */
export const nobody = `person:${"0".repeat(32)}`;

/** What was signed, in base64, as routes take it. Only passkeys that were enrolled for approvals are asked. */
export async function signWithPasskey(
  { payload, challenge }: Prepared,
  passkeys: SignerView["passkeys"],
): Promise<string> {
  const [first] = passkeys;
  if (first === undefined) throw new Error("There is no passkey for approvals under this name.");
  const { assertion } = await assertWith({
    challenge: Uint8Array.from(challenge),
    rpId: first.rpId,
    userVerification: "required",
    timeout: touchMs,
    allowCredentials: passkeys.map(({ credentialId }) => ({
      type: "public-key",
      id: fromBase64url(credentialId),
    })),
  });
  const signed = {
    payloadType: statementPayloadType,
    payload: encodeBase64(payload),
    webauthn: assertion,
  };
  return encodeBase64(utf8(JSON.stringify(signed)));
}
