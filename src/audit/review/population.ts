import canonicalize from "canonicalize";
import type { ReviewLine } from "../../model/access-review.ts";
import type { LogEntry } from "../log-entry.ts";
import { Assigned, Granted, PersonKeyed, TokenMade } from "../payloads-people.ts";

/** Who could do what when a review began, by the log alone: what its lines have to be, no more and no fewer. */

type Said = Pick<
  ReviewLine,
  "id" | "kind" | "person" | "token" | "has" | "service" | "environment" | "until"
>;

export interface Stood {
  readonly said: Said;
  /** Entry that gave it. */
  readonly entry: LogEntry;
}

export interface Population {
  /** By the line's id, which is that of the entry's operation. */
  readonly stood: ReadonlyMap<string, Stood>;
  /** Ids of which the log cannot say it: what gave them was erased, or a token ended just then. */
  readonly unsure: ReadonlySet<string>;
}

/** How far the server's clock, by which it leaves out what is over, may be from the log's. */
const skewMs = 120_000;

/** `role-assignment/r1/2` is about the line `role:r1`. */
const operations = [
  ["role-assignment/", "role:"],
  ["grant/", "right:"],
  ["token/", "token:"],
  ["person-key/", "key:"],
] as const;

/** The line that an entry gives or takes; null: none. */
export function lineOf({ leaf }: Pick<LogEntry, "leaf">): string | null {
  if (leaf.stream !== "system") return null;
  for (const [operation, line] of operations) {
    const id = leaf.operation.startsWith(operation)
      ? /^(.+)\/[1-9]\d*$/.exec(leaf.operation.slice(operation.length))?.[1]
      : undefined;
    if (id !== undefined) return `${line}${id}`;
  }
  return null;
}

/**
 * @param before entries up to the review's own
 * @param service the review is about; null: every one
 */
export function whatStood(
  before: readonly LogEntry[],
  { at, service }: { readonly at: string; readonly service: string | null },
): Population {
  const standing = new Map<string, Stood>();
  const unsure = new Set<string>();
  for (const entry of before) {
    const id = lineOf(entry);
    if (id === null) continue;
    const read = entry.payload === null ? null : saidOf(id, entry.payload);
    if (read === null) unsure.add(id);
    else if (read.removed) standing.delete(id);
    else standing.set(id, { said: read.said, entry });
  }
  const now = Date.parse(at);
  const ends = (token: string) => {
    const until = standing.get(`token:${token}`)?.said.until;
    return until ? Date.parse(until) : null;
  };
  for (const [id, { said }] of standing) {
    const machine = said.kind === "role" && said.person === null;
    if (said.kind !== "token" && !machine) continue;
    const of = said.kind === "token" ? id.slice("token:".length) : (said.token ?? "");
    const end = ends(of);
    if (end === null ? unsure.has(`token:${of}`) : Math.abs(end - now) <= skewMs) unsure.add(id);
    else if (end === null || end <= now) standing.delete(id);
  }
  for (const [id, { said }] of standing) {
    if (service !== null && said.service !== null && said.service !== service) standing.delete(id);
  }
  return { stood: standing, unsure };
}

function saidOf(
  id: string,
  payload: NonNullable<LogEntry["payload"]>,
): { readonly said: Said; readonly removed: boolean } | null {
  const none = { token: null, service: null, environment: null, until: null };
  if (id.startsWith("role:")) {
    const read = Assigned.safeParse(payload).data;
    if (!read) return null;
    const { person, token, role, service, environment, removed } = read;
    const said = { id, kind: "role", person, token, has: role, service, environment } as const;
    return { said: { ...said, until: null }, removed };
  }
  if (id.startsWith("right:")) {
    const read = Granted.safeParse(payload).data;
    if (!read) return null;
    const { person, right, service, environment, removed } = read;
    const said = { ...none, id, kind: "right", person, has: right, service, environment } as const;
    return { said, removed };
  }
  if (id.startsWith("token:")) {
    const read = TokenMade.safeParse(payload).data;
    if (!read) return null;
    const { token, name, person, role, service, environment, expiresAt: until, removed } = read;
    const has = `token ${name}${role === null ? "" : ` as ${role}`}`;
    const whose = { person, token: person === null ? token : null };
    return {
      said: { id, kind: "token", ...whose, has, service, environment, until },
      removed,
    };
  }
  const read = PersonKeyed.safeParse(payload).data;
  if (!read) return null;
  const key = id.slice("key:".length);
  const has = `${read.webauthn ? "passkey" : "key"} ${key.slice(0, 19)}`;
  return {
    said: { ...none, id, kind: "key", person: read.person, has },
    removed: read.removed === true,
  };
}

/** Where the frozen lines are others than what stood, in sentences. */
export function linesNotOnRecord(
  lines: readonly ReviewLine[],
  { stood, unsure }: Population,
): readonly string[] {
  const wrong: string[] = [];
  const listed = new Map(lines.map((line) => [line.id, line]));
  if (listed.size !== lines.length) wrong.push("the report has a line twice");
  for (const [id, { said, entry }] of stood) {
    const line = listed.get(id);
    if (line === undefined) {
      if (unsure.has(id)) continue;
      const whose = said.person ?? `token ${said.token ?? ""}`;
      wrong.push(
        `the report leaves out ${id}: ${said.has} of ${whose}, which entry ${entry.index} gave and none had taken`,
      );
      continue;
    }
    for (const part of Object.keys(said) as (keyof Said)[]) {
      if (canonicalize(line[part]) === canonicalize(said[part])) continue;
      wrong.push(
        `the report's line ${id} has another \`${part}\` (${String(line[part])}) than entry ${entry.index} (${String(said[part])})`,
      );
    }
  }
  for (const id of listed.keys()) {
    if (stood.has(id) || unsure.has(id)) continue;
    wrong.push(`the report has the line ${id}, which by the log nobody had then`);
  }
  return wrong;
}
