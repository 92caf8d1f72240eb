import type { z } from "zod";
import type { EngagementKind } from "../model/engagement.ts";
import type { ManualAnswers, ManualForm } from "../model/manual-check.ts";
import { type FindingKind, Severity } from "../model/observation.ts";
import type { Purpose } from "../model/pipeline.ts";
import type { ScanKind } from "../model/diversity.ts";
import type { RuntimeSignal } from "../model/signal.ts";
import type { UserTraffic } from "../model/traffic.ts";
import type { CheckReport } from "../model/verdict.ts";
import type { Colour, Digest, Fence, Slot } from "../model/primitives.ts";
import type { AdvisorySource } from "./advisory-source.ts";
import type { EnvironmentComparison } from "./environment-comparison.ts";
import type { HostAgent } from "./host-agent.ts";
import type { SlotManifest } from "./host-agent-tests.ts";

/** What a check may know about the thing it tests. It sees no secret and no control socket. */
export interface CheckContext {
  /** The same id after a crash: a check that left something running finds it again. */
  readonly run: string;
  readonly fence: Fence;
  readonly slot: Slot | null;
  readonly release: Digest;
  readonly releaseName: string;
  readonly tree: Digest;
  /** Where the tested colour answers: `http://127.0.0.1:41234`, one an instance of the routed process. */
  readonly instances: readonly string[];
  /** The public address of the route; with `tester` it reaches the idle colour. Null without a router. */
  readonly route: string | null;
  readonly tester: { readonly header: string; readonly value: string } | null;
  /** Put on every request of this run: shows which colour was reached. Null without a router. */
  readonly scan: { readonly header: string; readonly value: string } | null;
  readonly agent: HostAgent;
  /** Looks for the live side's secrets in what the tested instances were given; names only (law 11). */
  readonly searchCredentials: () => Promise<CredentialSearch>;
  /** What really is on the tested colour, held against what its promotion says; names only, no value (law 11). */
  readonly manifest?: () => Promise<ManifestComparison>;
  /**
   * What is tested here, held against what users of another environment meet; null: the one that is production.
   * Throws `not-found` for one that there is not, and `invalid-input` for this one.
   */
  readonly comparedWith?: (environment: string | null) => Promise<EnvironmentComparison>;
  /** The release's tree in our archive format (`src/tree`), as stored: the reader proves its digest. */
  readonly readTree: () => AsyncIterable<Uint8Array>;
  /** The release that users meet in this environment: what a scan may compare with. Null when there is none. */
  readonly live?: LiveRelease | null;
  /** What users got from the tested colour and from the other one, by the router's count; null without a router. */
  readonly userTraffic?: () => Promise<UserTrafficView | null>;
  /**
   * What runtime controls have reported of this release here since its promotion began: the worst first, and in any
   * case the newest one of each of `sources`.
   */
  readonly runtimeSignals?: (sources: readonly string[]) => Promise<readonly RuntimeSignal[]>;
  /** What people did who looked for weaknesses in the service, of one kind, newest first; none that was withdrawn. */
  readonly engagements?: (kind: EngagementKind) => Promise<readonly EngagementOnRecord[]>;
  /**
   * What is open of this release by the findings that are kept, however many they are; held against the ledger before any
   * of it is told, and after the reports of this promotion's own scans were taken in. `see` gets them one by one: first
   * what a scan that counts has seen, the worst first.
   */
  readonly openFindings?: (see: (finding: OpenFinding) => void) => Promise<OpenFindings>;
  /** Folder with data that was imported for checks to decide by (`check-data`); null where there is none. */
  readonly checkData?: string | null;
  /** Ports of this machine on which Tidelock itself listens: no address in a check's configuration may lead there. */
  readonly ownPorts?: () => readonly number[];
  /** Of a check that people answer: what they answered. Null when nobody did in time. */
  readonly answered?: PersonsAnswer | null;
  /**
   * A secret that what is tested may have as well, by its key in the configuration; on record, and kept out of
   * every report. Never one of the live side where a colour is under test. Throws `not-found`.
   */
  readonly readSecret?: (key: string) => Promise<string>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** A signed answer that was verified; times by the database's clock. */
export interface PersonsAnswer {
  readonly answers: ManualAnswers;
  /** By pseudonym. */
  readonly person: string;
  /** Of the signed envelope. */
  readonly digest: Digest;
  /** RFC 3339. */
  readonly answeredAt: string;
  readonly validUntil: string;
  /** From the beginning of a session to its answer; null where nobody began one. */
  readonly tookMs: number | null;
  /** The promotion for which it was answered first, when that was another one. */
  readonly reusedFrom: string | null;
  /** What is known, and what is not, about whether somebody judged work of their own. */
  readonly separation: string;
}

/** As its signed record says; held against the log. */
export interface EngagementOnRecord {
  readonly id: string;
  readonly party: string;
  /** Dates, YYYY-MM-DD. */
  readonly ended: string;
  readonly validUntil: string;
  readonly outcome: string;
  readonly release: string | null;
}

export interface OpenFindings {
  /** What is wrong with the records, in a sentence: then nothing that they say counts. Null: nothing is. */
  readonly changed: string | null;
  /** Whole scans of this release by whom it counts from: Tidelock's own runs, and signed reports. Newest first. */
  readonly scans: readonly {
    readonly tool: string;
    /** `own`, or who signed. */
    readonly by: string;
    /** RFC 3339: when it was made, as far as that is known, by the database's clock at the latest. */
    readonly at: string;
  }[];
  /** Reports of this release that nobody vouches for. */
  readonly unvouched: number;
  /** Reports of it that somebody vouches for, and that are not whole. */
  readonly partial: number;
  /** Why the report of a scan of this promotion is not among the findings, in a sentence; null: all are. */
  readonly awaited: string | null;
  /** So many more are open that nobody has looked at. */
  readonly left: number;
}

export interface OpenFinding {
  /** `F-12`. */
  readonly id: string;
  readonly kind: FindingKind;
  readonly rule: string;
  readonly title: string;
  /** As a gate counts it: what two people have judged is taken into account, nobody else's word. */
  readonly severity: Severity;
  readonly status: string;
  readonly tools: readonly string[];
  /** CVE, GHSA and other names of the same thing. */
  readonly aliases: readonly string[];
  /** RFC 3339. */
  readonly firstSeen: string;
  /** A version without it is out. */
  readonly fixable: boolean;
  /** A scan that counts has seen it. False: only reports for which nobody vouches have. */
  readonly vouched: boolean;
  /** The live release is known not to have it: false only where a scan that counts has seen it there. */
  readonly isNew: boolean;
  /** RFC 3339; null where no clock runs. That it was paused does not count here. */
  readonly due: string | null;
  readonly overdue: boolean;
  /** Null: no list of what is exploited is here. */
  readonly knownExploited: boolean | null;
  /** Why it counts although somebody said something against it; empty otherwise. */
  readonly note: string;
  /** Why it does not count, in a sentence; null when it counts. */
  readonly setAside: string | null;
  /** The accepted risk by which it does not count for now; null: nobody accepted it here. */
  readonly waiver: { readonly id: string; /** RFC 3339. */ readonly until: string } | null;
}

export interface UserTrafficView {
  readonly tested: UserTraffic;
  readonly other: UserTraffic;
}

export interface LiveRelease {
  readonly colour?: Colour;
  /** Whether `route` answers from it now, beside the tested colour: with `recreate` it has stopped by then. */
  readonly answers?: boolean;
  readonly release: Digest;
  readonly releaseName: string;
  readonly tree: Digest;
  readonly readTree: () => AsyncIterable<Uint8Array>;
}

export interface CredentialSearch {
  /** Keys whose live values were looked for. */
  readonly looked: readonly string[];
  /** Keys that the owner says are harmless on both sides. */
  readonly shared: readonly string[];
  /** Keys too short to be looked for without hitting by chance. */
  readonly tooShort: readonly string[];
  /** Delivered files, variables and processes in which they were looked for. */
  readonly places: number;
  readonly unreadable: number;
  readonly bindings: "isolated" | "live" | null;
  readonly found: readonly { readonly name: string; readonly place: string }[];
}

export interface ManifestComparison {
  /** As the host agent saw it, without what only serves the comparison. */
  readonly seen: Pick<
    SlotManifest,
    "visible" | "deployed" | "artifacts" | "entries" | "misplaced"
  > & {
    readonly processes: readonly (Omit<SlotManifest["processes"][number], "variables"> & {
      /** Names of the variables that it was started with; null where they cannot be read. */
      readonly variables: readonly string[] | null;
    })[];
  };
  /** What should be there, by the promotion's records. */
  readonly expected: {
    readonly release: Digest;
    readonly configuration: Digest;
    readonly bindings: "isolated" | "live";
    readonly artifacts: readonly Digest[];
    /** Instances of each process. */
    readonly replicas: Readonly<Record<string, number>>;
  };
  /** Every key of the configuration, and every one that was delivered. */
  readonly keys: readonly {
    readonly name: string;
    readonly state: "as-configured" | "other-value" | "missing" | "unexpected";
    /** What is wrong with its file, or with a variable of a running process. */
    readonly problem: string | null;
  }[];
}

/** How a check touches what it tests. Only `files` and `passive` may meet a live colour. */
export type Touch =
  /** Reads the release's files; sends nothing. */
  | "files"
  /** Looks as any user may: sends what changes nothing, at a modest rate. */
  | "passive"
  /** Attacks, writes, loads or hurts: only where no user is, and the instances are destroyed after it. */
  | "intrusive";

/** What a check does to its surroundings that could make another one's answer wrong. */
export type Disturbance = "load" | "data" | "availability" | "sessions";

/** A kind of test. It never throws for what it found; a throw is the verdict `error`. */
export interface Check<Schema extends z.ZodType = z.ZodType> {
  readonly id: string;
  readonly schema: Schema;
  /** A function where it depends on the configuration. */
  readonly touch: Touch | ((configuration: z.output<Schema>) => Touch);
  /** Cheaper ones run first, and when one of them fails the dearer ones are not begun. */
  readonly cost: "cheap" | "moderate" | "expensive" | "people";
  /** Two checks never overlap on one subject when one disturbs what the other is sensitive to. */
  readonly disturbs: readonly Disturbance[];
  readonly sensitiveTo: readonly Disturbance[];
  /**
   * `itself`: its verdict stands. `observations`: it says whether the scan was whole; the hits are parsed
   * from its raw report and judged by the thresholds in its configuration (`scanThresholds`).
   */
  readonly judgedBy: "itself" | "observations";
  /** It judges what scans have found: it begins when those of its promotion have ended that do not need it themselves. */
  readonly leansOnScans?: boolean;
  /** What kinds of scanning a whole run of it is; none for what is no scanner. */
  readonly scans?: readonly ScanKind[];
  /** What finds its hits; default: its id. Two checks with the same one are one program when they are counted. */
  readonly engine?: string;
  /** Advisories that it decides by, for whoever asks what a new one concerns. */
  readonly advisories?: AdvisorySource;
  /** What people are asked, of a check that waits for their signed answer; it runs when that is there. */
  form?(configuration: z.output<Schema>): ManualForm;
  /**
   * What it is for, as environments may be dedicated to one purpose. `told`: what it tests is told by its configuration,
   * and so what it is for by the demand. A scanner (`scans`) serves security; whatever else does not say serves none.
   */
  readonly purpose?: Purpose | "told";
  run(context: CheckContext, configuration: z.output<Schema>): Promise<CheckReport>;
}

/** Part of every scanning adapter's configuration: from which severity on a hit fails, or warns. */
export const scanThresholds = {
  failOn: Severity.default("high"),
  /** Hits below `failOn` and at least this bad are a warning. */
  warnOn: Severity.default("medium"),
};
