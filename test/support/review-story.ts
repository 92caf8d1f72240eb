import { createHmac, createHash } from "node:crypto";
import { exportEnd } from "../../src/audit/export-end.ts";
import type { SharedNameLine, Subject } from "../../src/audit/format.ts";
import { reviewOf } from "../../src/audit/review/of-pack.ts";
import type { PackContent } from "../../src/audit/write-pack.ts";
import { digestBytes, utf8 } from "../../src/evidence/bytes.ts";
import { encodeEnvelope } from "../../src/evidence/dsse.ts";
import { readPublicKey } from "../../src/evidence/keys.ts";
import {
  accessReviewStatement,
  reportDigest,
} from "../../src/evidence/predicates/access-review.ts";
import { vouchStatement } from "../../src/evidence/predicates/vouch.ts";
import { signStatement } from "../../src/evidence/statement.ts";
import type { ReviewDecision, ReviewLine } from "../../src/model/access-review.ts";
import { canonicalJson } from "../../src/model/canonical.ts";
import { keys, origin } from "./audit-story.ts";
import { logKeyText, MemoryLog, testKey, type TestKey } from "./memory-log.ts";

/**
 * A quarterly review in a log of its own: Jo and Kim review each other's lines and those of Lee, whose role goes. Whatever
 * somebody with the database and every key could write otherwise, a test can have it write.
 */

export interface Somebody {
  readonly person: string;
  readonly key: TestKey;
  readonly id: string;
}

function somebody(name: string): Somebody {
  const key = testKey(name, `key of ${name}`);
  const read = readPublicKey(key.pem);
  if (!read.ok) throw new Error(read.problem);
  const person = `person:${createHash("sha256").update(name).digest("hex").slice(0, 32)}`;
  return { person, key, id: read.value.id };
}

export const [jo, kim, lee] = ["jo", "kim", "lee"].map(somebody) as [Somebody, Somebody, Somebody];
const operator = `person:${"0".repeat(32)}`;
const nonce = Buffer.alloc(32, 7);
const shared: readonly SharedNameLine[] = [
  { pseudonym: operator, name: "operator", key: nonce.toString("hex") },
];
const everywhere = { service: null, environment: null };
export const review = "v1f0c9a2b7d";

type Line = ReviewLine;

export interface ReviewOptions {
  /** Changes what the server froze. */
  readonly lines?: (lines: readonly Line[]) => readonly Line[];
  /** Who signs what, in their order; absent: what is right. */
  readonly words?: (lines: readonly Line[]) => readonly Word[];
  /** Whether what was to go has an entry that it went. */
  readonly without?: "removal";
  /** Calls it done, whatever is open. */
  readonly done?: boolean;
  /** Who enrols Kim's key and gives the right; absent: the shared token. */
  readonly kimBy?: string;
  readonly vouched?: boolean;
  readonly suspended?: boolean;
}

export interface Word {
  readonly by: Somebody;
  readonly decisions: readonly ReviewDecision[];
  /** Signs with somebody else's key. */
  readonly key?: Somebody;
  readonly says?: Readonly<Record<string, unknown>>;
}

export const keep = (line: string): ReviewDecision => ({ line, answer: "keep", reason: "needed" });
export const remove = (line: string): ReviewDecision => ({
  line,
  answer: "remove",
  reason: "moved to another team",
});

export class ReviewStory {
  readonly log = new MemoryLog(origin);
  readonly blobs = new Map<string, Uint8Array>();

  static async tell(options: ReviewOptions = {}): Promise<ReviewStory> {
    const story = new ReviewStory();
    await story.#write(options);
    return story;
  }

  #system(kind: string, operation: string, payload: Record<string, unknown>, actor = operator) {
    return this.log.append({ kind, operation, stream: "system", payload, actor });
  }

  #blob(bytes: Uint8Array): string {
    this.blobs.set(digestBytes(bytes), bytes);
    return digestBytes(bytes);
  }

  #key({ id, person, key }: Somebody, by = operator): Line {
    const payload = { key: id, person, publicKey: key.pem, removed: false };
    const at = this.#system("person.key-added", `person-key/${id}/1`, payload, by);
    return this.#line(at, { id: `key:${id}`, kind: "key", person, has: `key ${id.slice(0, 19)}` });
  }

  #grant(grant: string, { person }: Somebody, right: string, by = operator): Line {
    const payload = { grant, person, right, ...everywhere, removed: false };
    const at = this.#system("grant.added", `grant/${grant}/1`, payload, by);
    return this.#line(at, { id: `right:${grant}`, kind: "right", person, has: right });
  }

  #line(at: number, said: Pick<Line, "id" | "kind" | "person" | "has"> & Partial<Line>): Line {
    const since = this.log.entries[at]?.leaf.time ?? "";
    const none = { token: null, until: null, lastUsed: null, unused: [] };
    return { ...everywhere, ...none, since, ...said };
  }

  async #write(options: ReviewOptions): Promise<void> {
    this.#system("key.added", "key/log/1", { use: "log", key: logKeyText(keys.log) }, "tidelock");
    const digest = createHmac("sha256", nonce).update("operator").digest("hex");
    const met = { pseudonym: operator, person: `hmac-sha256:${digest}` };
    this.#system("person.met", `${operator}/1`, met, "tidelock");
    const kimBy = options.kimBy ?? operator;
    const lines = [
      this.#key(jo),
      this.#key(kim, kimBy),
      this.#grant("g1", jo, "access.review"),
      this.#grant("g2", kim, "access.review", kimBy),
      this.#grant("g3", jo, "people.vouch"),
    ];
    const role = { assignment: "r1", person: lee.person, token: null, role: "sre", removed: false };
    const place = { service: "shop", environment: "production" };
    const given = this.#system("role.assigned", "role-assignment/r1/1", { ...role, ...place });
    const whose = { person: lee.person, has: "sre", ...place };
    lines.push(this.#line(given, { id: "role:r1", kind: "role", ...whose }));
    // One that was taken before, and one that is over: no lines.
    this.#system("role.assigned", "role-assignment/r0/1", { ...role, ...place, assignment: "r0" });
    const gone = { ...role, ...place, assignment: "r0", removed: true };
    this.#system("role.unassigned", "role-assignment/r0/2", gone);
    this.#token("t0", new Date(this.log.now - 86_400_000).toISOString());
    const until = new Date(this.log.now + 30 * 86_400_000).toISOString();
    lines.push(this.#token("t1", until));
    if (options.vouched) await this.#vouch();
    if (options.suspended) {
      const from = new Date(this.log.now).toISOString();
      const said = { person: kim.person, version: 1, state: "suspended", from, reason: "" };
      this.#system("person.standing-set", `person-standing/${kim.person}/1`, said);
    }
    await this.#review(
      lines.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      options,
    );
  }

  #token(token: string, expiresAt: string): Line {
    const whose = { token, name: "ci", person: null, role: "ci", ...everywhere };
    const at = this.#system("token.created", `token/${token}/1`, {
      ...whose,
      expiresAt,
      removed: false,
    });
    const machine = { person: null, token, until: expiresAt };
    return this.#line(at, {
      id: `token:${token}`,
      kind: "token",
      has: "token ci as ci",
      ...machine,
    });
  }

  async #vouch(): Promise<void> {
    const acts = [`person-key/${kim.id}/1`, "grant/g2/1"];
    const at = new Date(this.log.now).toISOString();
    const of = {
      person: kim.person,
      ledger: origin,
      acts: acts.map((operation) => ({ operation, what: "the key", at })),
    };
    const statement = vouchStatement(of, lee.person);
    const vouch = this.#blob(encodeEnvelope(await signStatement(lee.key, statement)));
    this.#key(lee);
    this.#grant("g9", lee, "people.vouch");
    const who = { person: kim.person, voucher: lee.person, issuer: null, key: lee.id };
    this.#system("person.vouched", `person-vouch/${vouch}`, { vouch, ...who, acts });
  }

  async #review(right: readonly Line[], options: ReviewOptions): Promise<void> {
    const late = options.vouched
      ? [`key:${lee.id}`, "right:g9"].map((id): Line => {
          const kind = id.startsWith("key") ? "key" : "right";
          const has = kind === "key" ? `key ${lee.id.slice(0, 19)}` : "people.vouch";
          return this.#line(0, { id, kind, person: lee.person, has });
        })
      : [];
    const all = [...right, ...late].toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const lines = options.lines?.(all) ?? all;
    const report = this.#blob(utf8(canonicalJson(lines)));
    if (report !== reportDigest(lines)) throw new Error("two digests of one report");
    const due = new Date(this.log.now + 86_400_000).toISOString();
    const said = { review, service: null, due, report, closed: null };
    this.#system("access.review-started", `access-review/${review}/1`, said);
    for (const word of options.words?.(lines) ?? rightWords(lines)) {
      await this.#word(lines, word, options);
    }
    if (options.done === false) return;
    const closed = new Date(this.log.now).toISOString();
    this.#system("access.review-closed", `access-review/${review}/2`, { ...said, closed });
  }

  async #word(
    lines: readonly Line[],
    { by, decisions, key = by, says }: Word,
    { without }: ReviewOptions,
  ): Promise<void> {
    const of = { review, ledger: origin, report: reportDigest(lines), decisions: [...decisions] };
    const statement = accessReviewStatement(of, lines, by.person);
    const word = this.#blob(encodeEnvelope(await signStatement(key.key, statement)));
    const gone = decisions.filter(({ answer }) => answer === "remove").map(({ line }) => line);
    if (without !== "removal" && gone.includes("role:r1")) {
      const role = { assignment: "r1", person: lee.person, token: null, role: "sre" };
      const payload = { ...role, service: "shop", environment: "production", removed: true };
      this.#system("role.unassigned", "role-assignment/r1/2", payload, by.person);
    }
    const said = {
      word,
      review,
      reviewer: by.person,
      key: by.id,
      keep: decisions.length - gone.length,
      removed: gone,
      notRemoved: [],
      ...says,
    };
    this.#system("access.reviewed", `access-review-word/${word}`, said, by.person);
  }

  get subject(): Subject {
    return { kind: "access-review", review };
  }

  /** As an honest exporter does it. */
  async content({
    witnesses = [],
    sizes = [],
  }: {
    readonly witnesses?: readonly TestKey[];
    readonly sizes?: readonly number[];
  } = {}): Promise<PackContent> {
    const payload = exportEnd("export", this.subject, ["system"], shared);
    const operation = `head/${this.log.entries.length}`;
    this.log.append({ kind: "stream.head", operation, stream: "system", payload });
    const size = this.log.entries.length;
    const content: PackContent = {
      subject: this.subject,
      checkpoint: await this.log.checkpoint([keys.log], witnesses),
      history: await Promise.all(
        sizes.map(async (earlier) => {
          const { note } = await this.log.checkpoint([keys.log], [], earlier);
          return { size: earlier, note, proof: await this.log.consistency(earlier, size) };
        }),
      ),
      entries: await this.log.lines(
        this.log.entries.map((_, index) => index),
        size,
      ),
      journal: [],
      sharedNames: shared,
      attestations: [],
      blobs: [...this.blobs.values()],
    };
    return { ...content, review: reviewOf(content) ?? "" };
  }
}

/** Everybody about others, and Lee's role goes. */
export function rightWords(lines: readonly ReviewLine[]): readonly Word[] {
  const of = (person: string | null) => lines.filter((line) => line.person === person);
  const says = ({ id, kind }: ReviewLine) => (kind === "role" ? remove(id) : keep(id));
  return [
    { by: jo, decisions: [kim.person, lee.person, null].flatMap((one) => of(one).map(says)) },
    { by: kim, decisions: of(jo.person).map(says) },
  ];
}
