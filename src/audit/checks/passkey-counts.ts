import { z } from "zod";
import { decodeBase64 } from "../../evidence/bytes.ts";
import { readPersonSignature } from "../../evidence/person-signature.ts";
import { signCountOf } from "../../identity/webauthn/assertion.ts";
import type { Digest } from "../../model/primitives.ts";
import { paths } from "../format.ts";
import type { LogEntry } from "../log-entry.ts";
import {
  Vouched,
  PolicyAct,
  PolicySignatureBlob,
  ReviewWord,
  WaiverRecorded,
} from "../payloads-people.ts";
import { Answered, ApprovalAnswered, GlassRecorded } from "../payloads.ts";
import type { Findings } from "../report.ts";
import { parsedJson } from "./blobs.ts";

type Files = ReadonlyMap<string, Uint8Array>;

/**
 * Says where the count that a passkey keeps of its own signatures does not rise from one signed word to the next: then two
 * copies of the key may have signed. It is said and fails nothing, as authenticators may count as they like (W3C Web
 * Authentication Level 3, §6.1.1); a count of zero says that they do not. Signatures are verified elsewhere.
 */
export function notePasskeyCounts(
  entries: readonly LogEntry[],
  files: Files,
  findings: Findings,
): void {
  const last = new Map<string, { readonly count: number; readonly entry: number }>();
  for (const entry of entries) {
    const seen = countIn(entry, files);
    if (seen === null) continue;
    const before = last.get(seen.credential);
    if (before !== undefined && seen.count <= before.count) {
      findings.note(
        "people",
        `entry ${entry.index}: the passkey that signed counts ${seen.count}, and counted ${before.count} in entry ${before.entry}: there may be a copy of it`,
      );
    }
    last.set(seen.credential, { count: seen.count, entry: entry.index });
  }
}

interface Counted {
  readonly credential: string;
  readonly count: number;
}

/** Null: no passkey signed what the entry is about, it does not count, or it is not here. */
function countIn(entry: LogEntry, files: Files): Counted | null {
  const bytes = signedBy(entry, (digest) => files.get(paths.blob(digest)));
  const read = bytes && readPersonSignature(bytes);
  if (!read?.ok || read.value.kind !== "passkey") return null;
  const { credentialId, authenticatorData } = read.value.assertion;
  const data = decodeBase64(authenticatorData);
  const count = data === null ? 0 : signCountOf(data);
  return count === 0 ? null : { credential: credentialId, count };
}

/** What a person signed, of every kind of entry that is about that. */
function signedBy(
  { leaf, payload }: LogEntry,
  blob: (digest: Digest) => Uint8Array | undefined,
): Uint8Array | null {
  const named = (digest: string | undefined): Uint8Array | null =>
    (digest === undefined ? undefined : blob(digest as Digest)) ?? null;
  switch (leaf.kind) {
    case "approval.answered":
      return named(ApprovalAnswered.safeParse(payload).data?.answer);
    case "check.answered":
      return named(Answered.safeParse(payload).data?.answer);
    case "break-glass.signed":
      return named(GlassRecorded.safeParse(payload).data?.signatures.at(-1)?.id);
    case "break-glass.reviewed":
      return named(GlassRecorded.safeParse(payload).data?.review?.id);
    case "person.vouched":
      return named(Vouched.safeParse(payload).data?.vouch);
    case "access.reviewed":
      return named(ReviewWord.safeParse(payload).data?.word);
    case "waiver.signed": {
      const bytes = named(WaiverRecorded.safeParse(payload).data?.signatures.at(-1)?.envelope);
      const text = bytes && z.string().safeParse(parsedJson(bytes)).data;
      return text ? decodeBase64(text) : null;
    }
    case "policy.signed": {
      const bytes = named(PolicyAct.safeParse(payload).data?.content);
      const signature = bytes && PolicySignatureBlob.safeParse(parsedJson(bytes)).data;
      return signature ? decodeBase64(signature.envelope) : null;
    }
    default:
      return null;
  }
}
