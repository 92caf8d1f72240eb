import canonicalize from "canonicalize";
import { verifyGlass } from "../../identity/break-glass/statement.ts";
import { personKeysOf } from "../../identity/signing/person-keys.ts";
import { breakRight, type GlassAnswer, GlassBasis, reviewRight } from "../../model/break-glass.ts";
import type { DecisionInputs } from "../../policy/replay.ts";
import type { LogEntry } from "../log-entry.ts";
import { GlassRecorded } from "../payloads.ts";
import type { Findings } from "../report.ts";
import type { Blobs } from "./blobs.ts";
import { earlier, hadRight, type Material, standingKey, wordsIn } from "./people.ts";

/**
 * Each signature under a broken glass, and each review: by a key that was that person's then, under a right that stood,
 * over exactly what the log says was asked for, in time; gone through once; and reviewed by somebody who did not break it,
 * or in `solo` mode by one who did, which is said. Whether they were enough people the decision says, which is made again.
 *
 * @param origins names of this log, and of those that it succeeds
 */
export function checkBrokenGlasses(
  entries: readonly LogEntry[],
  origins: ReadonlySet<string>,
  blobs: Blobs,
  findings: Findings,
): void {
  const known = new Map<string, GlassRecorded>();
  for (const { entry, payload, report } of wordsIn(
    entries,
    "break-glass.",
    "break-glass",
    findings,
  )) {
    const { leaf, index } = entry;
    const read = GlassRecorded.safeParse(payload);
    if (!read.success) {
      report("it does not say what was set aside");
      continue;
    }
    const { asked } = read.data;
    const before = known.get(asked.glass);
    known.set(asked.glass, read.data);
    for (const problem of changeProblems(leaf.kind, before, read.data)) report(problem);
    const signed = signedIn(leaf.kind, read.data);
    if (signed === null) continue;
    findings.seen("break-glass");
    const material = { before: earlier(entries, entry), origins, blobs };
    const wrong = problemOf(entry, read.data, signed, material);
    if (wrong !== null) report(wrong);
    if (leaf.kind !== "break-glass.reviewed") continue;
    const { review, signatures } = read.data;
    const own = signatures.some(({ person }) => person === review?.person);
    if (own && review?.alone !== true) report("whoever broke it reviewed it, and that is not said");
    if (review?.alone === true) {
      findings.note(
        "break-glass",
        `entry ${index}: ${asked.glass} was reviewed by one of those who broke it: there was no second person (solo mode)`,
      );
    }
  }
  for (const { asked, usedBy, endedAt } of known.values()) {
    if (usedBy === null || endedAt !== null) continue;
    findings.note(
      "break-glass",
      `${asked.glass}, by which ${usedBy} went past its gate, is reviewed by nobody yet`,
    );
  }
}

/** Nothing of it becomes another thing: it is signed, gone through once, reviewed or ended. */
function changeProblems(
  kind: string,
  before: GlassRecorded | undefined,
  now: GlassRecorded,
): readonly string[] {
  if (before === undefined) {
    return kind === "break-glass.opened" ? [] : ["nobody had asked for it before"];
  }
  const { asked, endedAt, usedBy, signatures } = before;
  return [
    ...(canonicalize(asked) === canonicalize(now.asked)
      ? []
      : ["something else was asked for before"]),
    ...(endedAt === null ? [] : ["it was over before"]),
    ...(usedBy === null || usedBy === now.usedBy ? [] : [`${usedBy} went through it before`]),
    ...(canonicalize(now.signatures.slice(0, signatures.length)) === canonicalize(signatures)
      ? []
      : ["signatures under it are others than before"]),
    ...(kind === "break-glass.used" && !(String(now.usedAt) < asked.expires)
      ? ["it was used after it had expired"]
      : []),
  ];
}

interface Signed {
  readonly id: string;
  readonly person: string;
  readonly key: string;
  readonly method: string;
  readonly purpose: GlassAnswer["purpose"];
}

function signedIn(kind: string, { signatures, review }: GlassRecorded): Signed | null {
  const last = signatures.at(-1);
  if (kind === "break-glass.signed" && last) return { ...last, purpose: "break-glass" };
  return kind === "break-glass.reviewed" && review ? { ...review, purpose: "review" } : null;
}

function problemOf(
  entry: LogEntry,
  { asked, usedBy, review }: GlassRecorded,
  said: Signed,
  { before, origins, blobs }: Material,
): string | null {
  if (!origins.has(asked.ledger)) return `it is for the log ${asked.ledger}, which is not this one`;
  if (`${asked.service}/${asked.environment}` !== entry.leaf.stream) return "it is of another lane";
  const key = standingKey(before, said);
  if (typeof key === "string") return key;
  const right = said.purpose === "review" ? reviewRight : breakRight;
  if (!hadRight(before, { person: said.person, right }, asked)) {
    return `${said.person} had no right ${right} there then`;
  }
  const basis = GlassBasis.safeParse(blobs.needJson(asked.decision, "what was set aside", entry));
  const bytes = blobs.need(said.id as typeof asked.decision, "the signature", entry);
  // What is missing is a problem already, and what was erased can speak for nobody.
  if (!basis.success || bytes === null) return null;
  const { person } = said;
  const verified = verifyGlass(bytes, personKeysOf([key]), { asked, basis: basis.data, person });
  if (!verified.ok) return verified.problem;
  const { said: answer, key: signer, asserted } = verified.value;
  const same =
    answer.purpose === said.purpose &&
    signer === said.key &&
    (asserted === null) === (said.method === "key") &&
    (answer.purpose !== "review" ||
      (answer.promotion === usedBy && answer.outcome === review?.outcome));
  return same ? null : "the entry says something else than what was signed";
}

/** Where a decision's inputs say something else of a broken glass, or of reviews that are owed, than the log. */
export function glassNotOnRecord(
  { glass, reviews = [] }: DecisionInputs,
  stream: string,
  promotion: string,
  before: readonly LogEntry[],
): readonly string[] {
  const known = new Map<string, GlassRecorded>();
  let erased = false;
  for (const { leaf, payload } of before) {
    if (!leaf.kind.startsWith("break-glass.") || leaf.stream !== stream) continue;
    const read = GlassRecorded.safeParse(payload);
    if (read.success) known.set(read.data.asked.glass, read.data);
    else erased = true;
  }
  if (erased) return [];
  const wrong: string[] = [];
  if (glass !== undefined) {
    const said = known.get(glass.asked.glass);
    const same =
      said !== undefined &&
      canonicalize(said.asked) === canonicalize(glass.asked) &&
      said.endedAt === null &&
      (said.usedBy === null || said.usedBy === promotion) &&
      glass.signed.every((one) =>
        said.signatures.some(({ id, person }) => id === one.id && person === one.person),
      );
    if (!same) wrong.push(`its inputs hold ${glass.asked.glass}, which the log does not say so`);
    if (glass.promotion !== promotion) wrong.push("its inputs hold a glass of another promotion");
  }
  const owed = new Set(reviews.map((one) => one.glass));
  for (const { asked, usedBy, endedAt } of known.values()) {
    if (usedBy === null || usedBy === promotion || endedAt !== null) continue;
    if (!owed.has(asked.glass))
      wrong.push(`its inputs leave out that ${asked.glass} is not reviewed`);
  }
  return wrong;
}
