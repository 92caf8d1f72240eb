import { digestOf } from "../../src/model/canonical.ts";
import { canonicalJson } from "../../src/model/canonical.ts";
import type { TrustRoot } from "../../src/model/trust.ts";
import { utf8 } from "../../src/ledger/bytes.ts";
import { digestBytes } from "../../src/evidence/bytes.ts";
import { encodeEnvelope } from "../../src/evidence/dsse.ts";
import { makeStatement, signStatement } from "../../src/evidence/statement.ts";
import { exportEnd } from "../../src/audit/export-end.ts";
import type { Subject } from "../../src/audit/format.ts";
import type { PackContent } from "../../src/audit/write-pack.ts";
import { logKeyText, MemoryLog, testKey, type TestKey, witnessKeyText } from "./memory-log.ts";

/**
 * A small shop whose whole life stands in a log: two pipelines, a release that failed once and then went to
 * production and back, a rotation of the log's key, an erased report, other services' noise in between.
 */
export const origin = "tidelock/6b1f0c9e-0000-4000-8000-000000000001";
export const keys = {
  log: testKey(origin, "log key one"),
  second: testKey(origin, "log key two"),
  evidence: testKey(`${origin}#evidence`, "evidence key"),
  foreign: testKey(origin, "somebody else's key"),
  witnesses: [testKey("witness.example/one"), testKey("witness.example/two")],
  ownWitness: testKey("witness.shop.example"),
};

export function trustRoot(overrides: Partial<TrustRoot> = {}): TrustRoot {
  return {
    kind: "TrustRoot",
    formatVersion: 1,
    log: { origin, keys: [logKeyText(keys.log)], operator: "shop" },
    witnesses: [
      ...keys.witnesses.map((key) => ({ key: witnessKeyText(key), operator: `of ${key.name}` })),
      { key: witnessKeyText(keys.ownWitness), operator: "shop" },
    ],
    quorum: 0,
    anchors: [],
    attestors: [],
    producers: {},
    ...overrides,
  };
}

export interface StoryOptions {
  /** Leaves out the run that failed, as somebody with something to hide would. */
  readonly withoutFailure?: boolean;
  /** What the run that failed says; anything but `fail` is a lie. */
  readonly firstVerdict?: string;
  /** Who is introduced as the log's second key. */
  readonly second?: TestKey;
  readonly erase?: boolean;
}

export class AuditStory {
  readonly log = new MemoryLog(origin);
  readonly blobs = new Map<string, Uint8Array>();
  readonly attestations: Uint8Array[] = [];
  readonly release: string;
  readonly configuration: string;
  /** Size of the tree when the second key had been introduced by the first one. */
  rotatedAt = 0;
  /** Size of the tree before the last promotion. */
  middle = 0;
  readonly #pipeline: string;
  readonly #environment: string;

  private constructor() {
    this.release = this.blob({
      kind: "Release",
      formatVersion: 1,
      service: "shop",
      version: "1.4.2",
      artifacts: [
        { name: "tree", digest: `sha256:${"a".repeat(64)}`, size: 10, mediaType: "x/tree" },
      ],
      source: {
        kind: "git",
        revision: "1".repeat(40),
        dirty: false,
        truncated: false,
        commits: [
          {
            revision: "1".repeat(40),
            subject: "Fix the basket",
            at: "2026-10-31T09:00:00Z",
            author: { name: "Ada", email: "ada@shop.example" },
            committer: { name: "Ben", email: "ben@shop.example" },
            coAuthors: [],
          },
        ],
      },
      build: { kind: "finished" },
      configuration: [],
    });
    this.configuration = this.blob({ kind: "Configuration", formatVersion: 1, values: {} });
    this.#pipeline = this.blob({
      kind: "Pipeline",
      metadata: { name: "shop" },
      spec: { environments: [{ name: "testing" }, { name: "production" }] },
    });
    this.#environment = this.blob({ kind: "Environment", metadata: { name: "production" } });
  }

  static async tell(options: StoryOptions = {}): Promise<AuditStory> {
    const story = new AuditStory();
    await story.#write(options);
    return story;
  }

  blob(value: unknown): string {
    const bytes = utf8(canonicalJson(value));
    this.blobs.set(digestBytes(bytes), bytes);
    return digestBytes(bytes);
  }

  async #write(options: StoryOptions): Promise<void> {
    const { log } = this;
    const system = (kind: string, operation: string, payload: Record<string, unknown>): number =>
      log.append({ kind, operation, stream: "system", payload });
    const second = options.second ?? keys.second;
    system("key.added", "key/log/1", { use: "log", key: logKeyText(keys.log) });
    system("key.added", "key/evidence/1", { use: "evidence", key: keys.evidence.pem });
    for (const [kind, name, digest] of [
      ["Pipeline", "shop", this.#pipeline],
      ["Environment", "production", this.#environment],
    ] as const) {
      system("document.registered", `document/${kind}/${name}/1`, {
        kind,
        name,
        version: 1,
        digest,
      });
    }
    log.append({
      kind: "release.created",
      operation: `release/${this.release}`,
      stream: `release/${this.release}`,
      actor: "person:0a",
      payload: { service: "shop", version: "1.4.2" },
    });
    this.#noise(3);
    if (!options.withoutFailure)
      await this.promote("pfirst", "production", options.firstVerdict ?? "fail");
    await this.promote("psecond", "testing", "pass");
    this.#noise(2);
    system("key.added", "key/log/2", { use: "log", key: logKeyText(second) });
    this.rotatedAt = log.entries.length;
    system("key.retired", "key/log/1", { use: "log", key: logKeyText(keys.log) });
    const last = await this.promote("pthird", "production", "pass");
    this.middle = last.check;
    this.#noise(4);
    if (options.erase) this.#erase(last.check);
    this.#rollback("pfourth");
  }

  /** One promotion from its acceptance to its end; answers where its check stands. */
  async promote(id: string, environment: string, verdict: string): Promise<{ check: number }> {
    const stream = `shop/${environment}`;
    const append = (kind: string, operation: string, payload: Record<string, unknown>): number =>
      this.log.append({ kind, operation, stream, payload });
    const plan = this.plan(environment, "promotion");
    const { release, configuration } = this;
    append("promotion.accepted", id, { promotion: "promotion", release, configuration, plan });
    append("effect.intent", `${id}/1/deploy`, { colour: "green" });
    append("effect.outcome", `${id}/1/deploy`, { result: "done" });
    const attestation = await this.attest(`${id}/4/smoke/1`, verdict);
    const check = append("check.reported", `${id}/4/smoke/1`, {
      check: "smoke",
      verdict,
      summary: `smoke says ${verdict}`,
      attestations: [attestation],
    });
    const passed = verdict === "pass";
    append("decision.made", `${id}/5`, {
      outcome: passed ? "allow" : "deny",
      reasons: [
        { outcome: passed ? "allow" : "deny", rule: "checks", message: `it is ${verdict}` },
      ],
    });
    if (passed) {
      append("effect.intent", `${id}/6/switch`, { to: "green" });
      append("effect.outcome", `${id}/6/switch`, { result: "done" });
    }
    append("promotion.ended", id, { state: passed ? "complete" : "failed", message: "" });
    return { check };
  }

  /** What only this entry names goes with it: its attestation, and the report that only that one names. */
  #erase(index: number): void {
    const attestation = this.attestations.pop() ?? new Uint8Array();
    const report = [...this.blobs.keys()].findLast((digest) =>
      Buffer.from(String(JSON.parse(Buffer.from(attestation).toString()).payload), "base64")
        .toString()
        .includes(digest),
    );
    this.blobs.delete(report ?? "");
    const blobs = [digestBytes(attestation), report ?? ""];
    this.log.erase(index, "asked for by the person named in it", blobs);
  }

  #rollback(id: string): void {
    const plan = this.plan("production", "rollback");
    const { release, configuration } = this;
    const append = (kind: string, operation: string, payload: Record<string, unknown>): number =>
      this.log.append({ kind, operation, stream: "shop/production", payload });
    append("promotion.accepted", id, {
      promotion: "rollback",
      release,
      configuration,
      plan,
      reason: "baskets are empty",
    });
    append("effect.intent", `${id}/0/switch`, { to: "blue" });
    append("effect.outcome", `${id}/0/switch`, { result: "done" });
    append("promotion.ended", id, { state: "complete", message: "" });
  }

  plan(environment: string, kind: "promotion" | "rollback"): string {
    return this.blob({
      formatVersion: 1,
      kind,
      lane: { service: "shop", environment },
      release: this.release,
      configuration: this.configuration,
      pipeline: this.#pipeline,
      environment: this.#environment,
      checks: [{ name: "smoke", uses: "smoke", phase: "deployed" }],
    });
  }

  async attest(run: string, verdict: string): Promise<string> {
    const report = this.blob({ run, text: `report of ${run}` });
    const statement = makeStatement(
      [{ name: "shop@1.4.2", digest: digestOf({ run }) }],
      "https://tidelock.dev/predicate/check-run/v1",
      { run, verdict, report: { format: "text", digest: report, truncated: false } },
    );
    const bytes = encodeEnvelope(await signStatement(keys.evidence, statement));
    this.attestations.push(bytes);
    return digestBytes(bytes);
  }

  /** Entries of other services, which a pack about the shop does not show. */
  #noise(count: number): void {
    for (let at = 0; at < count; at += 1) {
      const operation = `configuration/bank/production/${this.log.entries.length}`;
      const payload = { version: at + 1, digest: `sha256:${"b".repeat(64)}` };
      this.log.append({
        kind: "configuration.applied",
        operation,
        stream: "bank/production",
        payload,
      });
    }
  }

  get subject(): Subject {
    return { kind: "release", service: "shop", version: "1.4.2", release: this.release as never };
  }

  readonly streams = (): ReadonlySet<string> =>
    new Set(["system", "shop/testing", "shop/production", `release/${this.release}`]);

  /** As an honest exporter does it: heads, a checkpoint by the second key, everything of the streams. */
  async content(
    options: {
      readonly signers?: readonly TestKey[];
      readonly witnesses?: readonly TestKey[];
      /** Sizes of earlier checkpoints to connect, beside the rotation's. */
      readonly sizes?: readonly number[];
      readonly streams?: ReadonlySet<string>;
      readonly subject?: Subject;
    } = {},
  ): Promise<PackContent> {
    const streams = options.streams ?? this.streams();
    const subject = options.subject ?? this.subject;
    const payload = exportEnd(`export ${this.log.entries.length}`, subject, [...streams]);
    for (const stream of streams) {
      const operation = `head/${stream}/${this.log.entries.length}`;
      this.log.append({ kind: "stream.head", operation, stream, payload });
    }
    const size = this.log.entries.length;
    const indices = this.log.entries.flatMap(({ leaf }, index) =>
      streams.has(leaf.stream) ? [index] : [],
    );
    const sizes = [...new Set([this.rotatedAt, ...(options.sizes ?? [])])].filter((n) => n < size);
    return {
      subject,
      checkpoint: await this.log.checkpoint(options.signers ?? [keys.second], options.witnesses),
      history: await Promise.all(
        sizes.map(async (earlier) => {
          const signers =
            earlier <= this.rotatedAt ? [keys.log] : (options.signers ?? [keys.second]);
          const { note } = await this.log.checkpoint(signers, [], earlier);
          return { size: earlier, note, proof: await this.log.consistency(earlier, size) };
        }),
      ),
      entries: await this.log.lines(indices, size),
      journal: [],
      attestations: this.attestations,
      blobs: [...this.blobs.values()],
    };
  }
}
