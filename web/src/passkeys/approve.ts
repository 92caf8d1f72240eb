// First: schemas ask at once.
import "./no-eval.ts";
import type { ApprovalMine, ApprovalView } from "../../../src/api/routes-approvals.ts";
import { digestBytes, encodeBase64, utf8 } from "../../../src/evidence/bytes.ts";
import { statementPayloadType } from "../../../src/evidence/dsse.ts";
import { encodeStatement } from "../../../src/evidence/statement.ts";
import {
  type Recomputed,
  recomputed,
  requireSame,
} from "../../../src/identity/approval/recomputed.ts";
import { approvalChallenge, approvalStatement } from "../../../src/identity/approval/statement.ts";
import { approvalText } from "../../../src/identity/approval/text.ts";
import type { ApprovalAnswer } from "../../../src/model/approval.ts";
import { fromBase64url, toBase64url } from "./base64url.ts";
import { assertWith, touchMs } from "./browser.ts";

/**
 * What somebody is about to sign, made on this page from what the server sent, by the code that verifies it later. No
 * digest of the server's is taken for what is shown.
 */
export interface Prepared {
  readonly lines: readonly string[];
  /** Of the lines. */
  readonly text: string;
  readonly payload: Uint8Array;
  /** What the authenticator signs. */
  readonly challenge: Uint8Array;
}

/** Throws where an answer cannot be put in words: a control character, or a rejection without a reason. */
export function prepare(view: ApprovalView, answer: ApprovalAnswer): Prepared {
  const lines = approvalText(view, answer);
  const payload = encodeStatement(approvalStatement(view, answer));
  return {
    lines,
    text: digestBytes(utf8(`${lines.join("\n")}\n`)),
    payload,
    challenge: approvalChallenge(payload),
  };
}

export function challengeText({ challenge }: Prepared): string {
  return toBase64url(challenge);
}

/** The digests that this page computes itself; `problem`: nobody should sign this. */
export function compared(view: ApprovalView): {
  readonly digests: readonly Recomputed[];
  readonly problem: string | null;
} {
  const digests = recomputed(view);
  try {
    requireSame(view);
    return { digests, problem: null };
  } catch (error) {
    return { digests, problem: error instanceof Error ? error.message : String(error) };
  }
}

/** The signed answer in base64, as `POST …/answers` takes it. Only passkeys that were enrolled for approvals are asked. */
export async function signWithPasskey(
  { payload, challenge }: Prepared,
  passkeys: ApprovalMine["passkeys"],
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
