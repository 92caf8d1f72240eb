import { canonicalJson, digestOf } from "../../src/model/canonical.ts";
import type { Decision } from "../../src/model/decision.ts";
import type { Digest } from "../../src/model/primitives.ts";
import type { Verdict } from "../../src/model/verdict.ts";
import type { Decided } from "../../src/policy/decide.ts";
import { demandDigest } from "../../src/policy/evidence.ts";
import { decideGate } from "../../src/policy/gate.ts";
import { decisionRecord } from "../../src/policy/record.ts";
import type { TrustRoot } from "../../src/model/trust.ts";
import { utf8 } from "../../src/ledger/bytes.ts";
import { digestBytes } from "../../src/evidence/bytes.ts";
import { encodeEnvelope } from "../../src/evidence/dsse.ts";
import { decision as decisionKind } from "../../src/evidence/predicates/decision.ts";
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
  /** Rewrites what the entry of a decision says, as somebody could who holds database and keys. */
  readonly tamper?: (of: Tampered) => Payload | Promise<Payload>;
}

type Payload = Readonly<Record<string, unknown>>;

export interface Tampered {
  readonly promotion: string;
  readonly decided: Decided;
  readonly payload: Payload;
  readonly story: AuditStory;
}

/** Where a promotion's check stands, and digests of what would be erased with it. */
interface Told {
  readonly check: number;
  readonly content: readonly string[];
}

/** As documents have it when they were parsed. */
const smoke = {
  name: "smoke",
  uses: "smoke",
  with: { path: "/" },
  phase: "deployed",
  timeout: 1_000,
  retries: 0,
  allowWarn: false,
} as const;

/** A second check, whose report the gate is not shown. */
export interface Besides {
  readonly demand: Omit<typeof smoke, "name" | "uses" | "retries"> & {
    readonly name: string;
    readonly uses: string;
    readonly retries: number;
    readonly outOfBand?: boolean;
  };
  readonly verdict: string;
  readonly attempt: number;
}

/** A demand that nobody waits for, tried once more after an error. */
export const sast = { ...smoke, name: "sast", uses: "sast", retries: 1, outOfBand: true };

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
  #tamper: StoryOptions["tamper"];

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
    this.#tamper = options.tamper;
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
    if (options.erase) this.#erase(last);
    this.#rollback("pfourth");
  }

  /** One promotion from its acceptance to its end; answers where its check stands. */
  async promote(
    id: string,
    environment: string,
    verdict: string,
    besides: Besides | null = null,
  ): Promise<Told> {
    const stream = `shop/${environment}`;
    const append = (kind: string, operation: string, payload: Record<string, unknown>): number =>
      this.log.append({ kind, operation, stream, payload });
    const checks = besides === null ? [smoke] : [smoke, besides.demand];
    const plan = this.plan(environment, "promotion", checks);
    const { release, configuration } = this;
    append("promotion.accepted", id, { promotion: "promotion", release, configuration, plan });
    append("effect.intent", `${id}/1/deploy`, { colour: "green" });
    append("effect.outcome", `${id}/1/deploy`, { result: "done" });
    const { attestation, report } = await this.attest(`${id}/4/smoke/1`, verdict);
    const summary = `smoke says ${verdict}`;
    const endedAt = new Date(this.log.now).toISOString();
    const exercised = { requests: 1, assertions: 1, files: 0 };
    const check = append("check.reported", `${id}/4/smoke/1`, {
      check: "smoke",
      verdict,
      summary,
      exercised,
      release,
      configuration,
      colour: "green",
      endedAt,
      attestations: [attestation],
    });
    if (besides !== null) {
      const run = `${id}/4/${besides.demand.name}/${besides.attempt}`;
      const { attestation: signed } = await this.attest(run, besides.verdict);
      append("check.reported", run, {
        check: besides.demand.name,
        verdict: besides.verdict,
        summary: `it says ${besides.verdict}`,
        exercised,
        release,
        configuration,
        colour: "green",
        endedAt,
        attestations: [signed],
      });
    }
    const passed = verdict === "pass";
    const decided = decideGate("baseline", {
      subject: { service: "shop", environment, colour: "green", ...this.#deployment() },
      now: endedAt,
      checks,
      evidence: [
        {
          check: "smoke",
          demand: demandDigest(smoke),
          service: "shop",
          environment,
          ...this.#deployment(),
          colour: "green",
          verdict: verdict as Verdict,
          exercised,
          summary,
          at: endedAt,
          expiresAt: null,
        },
      ],
      predecessors: [],
      requirements: [],
      minimumIsolation: "none",
      grades: { isolation: "none", identity: "bound", governance: "solo" },
      ledger: [],
    });
    this.blob(decided.inputs);
    const statement = await this.attestDecision(decided.decision);
    const payload = {
      promotion: id,
      step: 5,
      ...decisionRecord(decided.decision),
      attestations: [statement],
    };
    const told = await this.#tamper?.({ promotion: id, decided, payload, story: this });
    append("decision.made", `${id}/5`, { ...(told ?? payload) });
    if (passed) {
      append("effect.intent", `${id}/6/switch`, { to: "green" });
      append("effect.outcome", `${id}/6/switch`, { result: "done" });
    }
    append("promotion.ended", id, { state: passed ? "complete" : "failed", message: "" });
    return { check, content: [attestation, report, decided.decision.inputs] };
  }

  /** What a server lets go with a report: its attestation, the raw report, the inputs of gates that saw it. */
  #erase({ check, content }: Told): void {
    for (const digest of content) this.blobs.delete(digest);
    const gone = this.attestations.findIndex((bytes) => content.includes(digestBytes(bytes)));
    this.attestations.splice(gone, 1);
    this.log.erase(check, "asked for by the person named in it", content);
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

  #deployment() {
    return { release: this.release as Digest, configuration: this.configuration as Digest };
  }

  plan(
    environment: string,
    kind: "promotion" | "rollback",
    checks: readonly object[] = [smoke],
  ): string {
    return this.blob({
      formatVersion: 1,
      kind,
      lane: { service: "shop", environment },
      release: this.release,
      configuration: this.configuration,
      pipeline: this.#pipeline,
      environment: this.#environment,
      gate: "baseline",
      minimumIsolation: "none",
      steps: ["admit", "deploy", "ready", "prove-identity", "check", "gate", "switch"].map(
        (step) => ({ kind: step }),
      ),
      checks,
    });
  }

  async attest(run: string, verdict: string): Promise<{ attestation: string; report: string }> {
    const report = this.blob({ run, text: `report of ${run}` });
    const statement = makeStatement(
      [{ name: "shop@1.4.2", digest: digestOf({ run }) }],
      "https://tidelock.dev/predicate/check-run/v1",
      { run, verdict, report: { format: "text", digest: report, truncated: false } },
    );
    const bytes = encodeEnvelope(await signStatement(keys.evidence, statement));
    this.attestations.push(bytes);
    return { attestation: digestBytes(bytes), report };
  }

  async attestDecision(decision: Decision): Promise<string> {
    const about = [{ name: "shop@1.4.2", digest: this.release as Digest }];
    const statement = makeStatement(about, decisionKind.type, { decision });
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
