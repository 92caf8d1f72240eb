import type { Enrolment } from "../../identity/approval/given.ts";
import { enrolmentOf } from "../../identity/enrolment/used.ts";
import type { Subject } from "../format.ts";
import type { LogEntry } from "../log-entry.ts";
import { Answered, ApprovalAnswered, ApprovalRequested, GlassRecorded } from "../payloads.ts";
import { Assigned, Granted, PersonKeyed, WaiverSigned } from "../payloads-people.ts";
import { absentAt, actsFor, alsoOf } from "./standing.ts";

/** Somebody whose signed word counts in a pack: who they are, by entries of the log that stand in it with their proofs. */
export interface PersonStory {
  readonly person: string;
  /** Further pseudonyms of the same person. */
  readonly also: readonly string[];
  readonly words: readonly WordStory[];
  readonly keys: readonly {
    readonly key: string;
    readonly kind: "key file" | "passkey" | "key for commits";
    readonly entry: number;
    /** Of the entry that took it away. */
    readonly removed: number | null;
  }[];
  /** All that made them what they are: who stands behind it, and whose word lifted that. */
  readonly acts: readonly (Enrolment & { readonly operation: string; readonly entry: number })[];
}

/** One word, and what its owner was when it came. */
export interface WordStory {
  readonly what: string;
  readonly entry: number;
  readonly at: string;
  readonly held: readonly Held[];
  /** Why they were not here; null: they were. */
  readonly absent: string | null;
}

export interface Held {
  /** `the right approve:sre`, `the role sre`. */
  readonly what: string;
  readonly service: string | null;
  readonly environment: string | null;
  readonly entry: number;
}

/** Everybody whose approval, answer, waiver or broken glass is in the pack and about its subject. */
export function tellPeople(
  entries: readonly LogEntry[],
  subject: Subject,
  more: { readonly shared: ReadonlySet<string>; readonly files: ReadonlyMap<string, Uint8Array> },
): readonly PersonStory[] {
  const words = Map.groupBy(wordsOf(entries, subject), ({ person }) => person);
  return [...words]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([person, own]) => ({
      person,
      also: alsoOf(entries, person),
      words: own.map(({ what, entry: { index, leaf } }) => {
        const before = entries.filter((one) => one.index < index);
        return {
          what,
          entry: index,
          at: leaf.time,
          held: heldAt(before, person),
          absent: absentAt(before, person, { now: leaf.time, signedAt: null }),
        };
      }),
      keys: keysOf(entries, person),
      acts: actsFor({ before: entries, ...more }, person).map(({ entry, ...one }) => ({
        ...enrolmentOf(one),
        operation: one.act.operation,
        entry,
      })),
    }));
}

interface Spoken {
  readonly person: string;
  readonly what: string;
  readonly entry: LogEntry;
}

function wordsOf(entries: readonly LogEntry[], subject: Subject): readonly Spoken[] {
  const asked = new Map<string, string>();
  const concerns = ({ leaf }: LogEntry, release: string | null | undefined): boolean => {
    if (subject.kind === "access-review") return false;
    if (subject.kind === "release") return release === subject.release || release === null;
    const inside = leaf.time >= subject.from && leaf.time < subject.to;
    return inside && leaf.stream.endsWith(`/${subject.environment}`);
  };
  return entries.flatMap((entry): readonly Spoken[] => {
    const { leaf, payload } = entry;
    const says = (person: string, what: string, release: string | null | undefined) =>
      concerns(entry, release) ? [{ person, what, entry }] : [];
    switch (leaf.kind) {
      case "approval.asked": {
        const said = ApprovalRequested.safeParse(payload).data;
        if (said) asked.set(said.request, said.asked.release);
        return [];
      }
      case "approval.answered": {
        const said = ApprovalAnswered.safeParse(payload).data;
        if (!said) return [];
        const did = said.purpose === "approve" ? "approved" : "rejected";
        return says(said.person, `${did} as ${said.role}`, asked.get(said.request));
      }
      case "check.answered": {
        const said = Answered.safeParse(payload).data;
        return said
          ? says(said.person, `answered ${said.check} as ${said.role}`, said.release)
          : [];
      }
      case "break-glass.signed":
      case "break-glass.reviewed": {
        const said = GlassRecorded.safeParse(payload).data;
        const word = leaf.kind === "break-glass.signed" ? said?.signatures.at(-1) : said?.review;
        if (!said || !word) return [];
        const did = leaf.kind === "break-glass.signed" ? "broke the glass" : "reviewed";
        return says(word.person, `${did} ${said.asked.glass}`, said.asked.release);
      }
      case "waiver.signed": {
        const said = WaiverSigned.safeParse(payload).data;
        const last = said?.signatures.at(-1);
        return said && last
          ? says(last.person, `accepted a risk (${said.waiver})`, said.release)
          : [];
      }
      default:
        return [];
    }
  });
}

function heldAt(before: readonly LogEntry[], person: string): readonly Held[] {
  const held = new Map<string, Held>();
  for (const { leaf, payload, index } of before) {
    const right = leaf.kind.startsWith("grant.") ? Granted.safeParse(payload).data : undefined;
    const role = /^role\.(un)?assigned$/.test(leaf.kind)
      ? Assigned.safeParse(payload).data
      : undefined;
    const said = right ?? role;
    if (said?.person !== person) continue;
    const id = right ? `right ${right.grant}` : `role ${role?.assignment ?? ""}`;
    const what = right ? `the right ${right.right}` : `the role ${role?.role ?? ""}`;
    const { service, environment, removed } = said;
    if (removed) held.delete(id);
    else held.set(id, { what, service, environment, entry: index });
  }
  return [...held.values()];
}

function keysOf(entries: readonly LogEntry[], person: string): PersonStory["keys"] {
  const removed = new Map<string, number>();
  for (const { leaf, index } of entries) {
    const key = /^person-key\/(.+)\/[1-9]\d*$/.exec(leaf.operation)?.[1];
    if (leaf.kind === "person.key-removed" && key !== undefined) removed.set(key, index);
  }
  return entries.flatMap(({ leaf, payload, index }) => {
    const said = leaf.kind === "person.key-added" ? PersonKeyed.safeParse(payload).data : undefined;
    if (said?.person !== person) return [];
    const key = leaf.operation.slice("person-key/".length).replace(/\/1$/, "");
    const kind = said.webauthn ? "passkey" : said.commits ? "key for commits" : "key file";
    return [{ key, kind, entry: index, removed: removed.get(key) ?? null } as const];
  });
}
