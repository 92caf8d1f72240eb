import type { EnrolledKey } from "../../identity/signing/person-keys.ts";
import { reaches } from "../../identity/recertification/rules.ts";
import type { LogEntry } from "../log-entry.ts";
import { Granted, PasskeyAdded, PersonKeyed } from "../payloads-people.ts";
import type { CheckId, Findings } from "../report.ts";
import type { Blobs } from "./blobs.ts";

/** What every signed word of a person is held against: approvals, answers to checks, broken glasses, reviews of access. */
export interface Material {
  /** All of the pack that stands before the word in the log. */
  readonly before: readonly LogEntry[];
  /** Names of this log, and of those that it succeeds. */
  readonly origins: ReadonlySet<string>;
  readonly blobs: Blobs;
}

/** One entry of some kind that can still be read, and how to say what is wrong with it. */
interface Word {
  readonly entry: LogEntry;
  readonly payload: NonNullable<LogEntry["payload"]>;
  readonly report: (message: string) => void;
}

/** Entries whose kind begins so, in the order of the log. What was erased can be judged by nobody, and that is said. */
export function* wordsIn(
  entries: readonly LogEntry[],
  kinds: string,
  check: CheckId,
  findings: Findings,
): Iterable<Word> {
  for (const entry of entries) {
    const { leaf, index, payload } = entry;
    if (!leaf.kind.startsWith(kinds)) continue;
    const report = (message: string): void =>
      findings.problem(check, { entry: index, stream: leaf.stream }, message);
    if (payload !== null) yield { entry, payload, report };
    else findings.note(check, `entry ${index}: it was erased and cannot be judged`);
  }
}

/** Everything that stands before an entry. */
export function earlier(entries: readonly LogEntry[], { index }: LogEntry): readonly LogEntry[] {
  return entries.filter((one) => one.index < index);
}

/** The key as it stood before; a string says why it did not. */
export function standingKey(
  before: readonly LogEntry[],
  { key, person }: { readonly key: string; readonly person: string },
): EnrolledKey | string {
  const operation = `person-key/${key}/`;
  const own = before.filter(({ leaf }) => leaf.operation.startsWith(operation));
  const added = PersonKeyed.safeParse(own[0]?.payload);
  if (!added.success) return `no entry before it says whose key ${key} is`;
  if (own.some(({ leaf }) => leaf.kind === "person.key-removed")) {
    return `the key ${key} had been removed by then`;
  }
  if (added.data.person !== person) return `the key ${key} is not ${person}'s`;
  const { publicKey, webauthn } = added.data;
  const signsIn = before.some(({ leaf, payload }) => {
    const said = leaf.kind === "passkey.added" ? PasskeyAdded.safeParse(payload).data : undefined;
    return said && (said.key === key || said.credentialId === webauthn?.credentialId);
  });
  if (signsIn) return `the key ${key} signs somebody in, and no approvals`;
  return { key_id: key, public_key: publicKey, webauthn: webauthn ?? null };
}

/** Rights that stood, by the entries before, oldest first. */
export function standingGrants(before: readonly LogEntry[]): readonly Granted[] {
  const standing = new Map<string, Granted>();
  for (const { leaf, payload } of before) {
    const read = leaf.kind.startsWith("grant.") ? Granted.safeParse(payload) : null;
    if (!read?.success) continue;
    if (read.data.removed) standing.delete(read.data.grant);
    else standing.set(read.data.grant, read.data);
  }
  return [...standing.values()];
}

/** What somebody had of a right there, by the entries before. */
export function grantsOf(
  before: readonly LogEntry[],
  said: { readonly person: string; readonly right: string },
  where: { readonly service: string | null; readonly environment: string | null },
): readonly Granted[] {
  return standingGrants(before).filter(
    (one) => one.person === said.person && one.right === said.right && reaches(one, where),
  );
}

/** Whether somebody had a right there, by the entries before. */
export function hadRight(...asked: Parameters<typeof grantsOf>): boolean {
  return grantsOf(...asked).length > 0;
}
