import canonicalize from "canonicalize";
import { z } from "zod";
import { decodeBase64 } from "../../evidence/bytes.ts";
import { waiverConsent, waiverConsentOf } from "../../evidence/predicates/waiver-consent.ts";
import { personKeysOf } from "../../identity/signing/person-keys.ts";
import { verifySigned } from "../../identity/signing/signed.ts";
import { Waived } from "../../model/waiver.ts";
import type { DecisionInputs } from "../../policy/replay.ts";
import { paths } from "../format.ts";
import type { LogEntry } from "../log-entry.ts";
import { WaiverRecorded } from "../payloads-people.ts";
import type { Findings } from "../report.ts";
import { type Blobs, parsedJson } from "./blobs.ts";
import { earlier, hadRight, type Material, standingKey, wordsIn } from "./people.ts";

const acceptRight = "risks.accept";

/**
 * Each signature under an accepted risk: by a key that was that person's then, under a right that stood, over exactly what
 * the entry names; by another person than before; and nothing of it was changed afterwards. Whether it still held where a
 * gate leaned on it the decision says, which is made again.
 *
 * @param origins names of this log, and of those that it succeeds
 */
export function checkWaivers(
  entries: readonly LogEntry[],
  origins: ReadonlySet<string>,
  blobs: Blobs,
  findings: Findings,
): void {
  const known = new Map<string, WaiverRecorded>();
  for (const { entry, payload, report } of wordsIn(entries, "waiver.", "waivers", findings)) {
    const read = WaiverRecorded.safeParse(payload);
    if (!read.success) {
      report("it does not say what was accepted");
      continue;
    }
    const now = read.data;
    for (const problem of changeProblems(entry.leaf.kind, known.get(now.waiver), now)) {
      report(problem);
    }
    known.set(now.waiver, now);
    if (entry.leaf.kind !== "waiver.signed") continue;
    findings.seen("waivers");
    const wrong = problemOf(entry, now, { before: earlier(entries, entry), origins, blobs });
    if (wrong !== null) report(wrong);
  }
}

/** It is proposed, signed by one, signed by another, and over; nothing else. */
function changeProblems(
  kind: string,
  before: WaiverRecorded | undefined,
  now: WaiverRecorded,
): readonly string[] {
  if (before === undefined) {
    return kind === "waiver.proposed" ? [] : ["nobody had proposed it before"];
  }
  const { content, state, signatures } = before;
  const added = now.signatures.slice(signatures.length);
  const [last] = added;
  const again = signatures.some(({ person, key }) => person === last?.person || key === last?.key);
  return [
    ...(content === now.content ? [] : ["something else was proposed before"]),
    ...(state === "withdrawn" || state === "ended" ? ["it was over before"] : []),
    ...(canonicalize(now.signatures.slice(0, signatures.length)) === canonicalize(signatures)
      ? []
      : ["signatures under it are others than before"]),
    ...(added.length === (kind === "waiver.signed" ? 1 : 0)
      ? []
      : ["it has signatures that no entry is about"]),
    ...(again ? ["this person, or this key, had signed it before"] : []),
    ...(now.state === "in-force" && now.signatures.length < 2
      ? ["it is in force, and two people have not signed it"]
      : []),
  ];
}

function problemOf(
  entry: LogEntry,
  { waiver, content, signatures }: WaiverRecorded,
  { before, origins, blobs }: Material,
): string | null {
  const said = signatures.at(-1);
  if (said === undefined) return "nobody has signed it";
  const key = standingKey(before, said);
  if (typeof key === "string") return key;
  const waived = Waived.safeParse(blobs.needJson(content, "what was accepted", entry)).data;
  const envelope = z.string().safeParse(blobs.needJson(said.envelope, "the signature", entry)).data;
  // What is missing is a problem already, and what was erased can speak for nobody.
  if (waived === undefined || envelope === undefined) return null;
  if (waived.waiver !== `W-${waiver}`) return "it is of another waiver";
  if (!origins.has(waived.ledger)) {
    return `it is for the log ${waived.ledger}, which is not this one`;
  }
  if (`${waived.service}/${waived.environment}` !== entry.leaf.stream)
    return "it is of another lane";
  const { person } = said;
  if (!hadRight(before, { person, right: acceptRight }, waived)) {
    return `${person} had no right ${acceptRight} there then`;
  }
  const bytes = decodeBase64(envelope);
  if (bytes === null) return "what was signed is not base64";
  const verified = verifySigned(bytes, personKeysOf([key]), (payload) =>
    waiverConsentOf(payload, { waived, person }),
  );
  return verified.ok ? null : `it is no ${waiverConsent.type}: ${verified.problem}`;
}

/** Where a decision's inputs hold accepted risks otherwise than the log does. */
export function waiversNotOnRecord(
  { waivers }: Extract<DecisionInputs, { kind: "gate" }>,
  stream: string,
  before: readonly LogEntry[],
  files: ReadonlyMap<string, Uint8Array>,
): readonly string[] {
  const known = new Map<string, WaiverRecorded>();
  for (const { leaf, payload } of before) {
    if (!leaf.kind.startsWith("waiver.") || leaf.stream !== stream) continue;
    // Of one that was erased nobody can say what it was.
    if (payload === null) return [];
    const read = WaiverRecorded.safeParse(payload).data;
    if (read) known.set(`W-${read.waiver}`, read);
  }
  return (waivers?.signed ?? []).flatMap(({ waived, people }) => {
    const said = known.get(waived.waiver);
    const bytes = said && files.get(paths.blob(said.content));
    const same =
      said?.state === "in-force" &&
      canonicalize(said.signatures.map(({ person }) => person)) === canonicalize(people) &&
      (!bytes || canonicalize(parsedJson(bytes)) === canonicalize(waived));
    return same ? [] : [`its inputs hold ${waived.waiver}, which the log does not say so`];
  });
}
