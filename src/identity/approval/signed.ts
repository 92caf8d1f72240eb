import type { ApprovalAnswer } from "../../model/approval.ts";
import { readSignedPayload } from "../../evidence/person-signature.ts";
import type { Result } from "../../evidence/result.ts";
import { type PersonKeys, type Signed, verifySigned } from "../signing/signed.ts";
import { type Approval, approvalOf, readApprovalPayload, type ToApprove } from "./statement.ts";

/** What it says, whoever signed it: to look for the request and the person's keys, and nothing else. */
export function readApproval(bytes: Uint8Array): Result<Approval> {
  const payload = readSignedPayload(bytes);
  return payload.ok ? readApprovalPayload(payload.value) : payload;
}

/** Whether it is this person's signed answer to exactly this request. Offline, and in browsers too. */
export function verifyApproval(
  bytes: Uint8Array,
  keys: PersonKeys,
  expected: ToApprove & { readonly person: string },
): Result<Signed<ApprovalAnswer>> {
  return verifySigned(bytes, keys, (payload) => approvalOf(payload, expected));
}
