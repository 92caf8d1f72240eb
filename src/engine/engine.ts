import type { AskForReview } from "../ports/git-host.ts";
import type { EventEmitter } from "node:events";
import type { RouterDeclaration, TargetDeclaration } from "../model/pipeline.ts";
import type { Lane } from "../model/primitives.ts";
import type { Check } from "../ports/check.ts";
import type { KnownProviders } from "../issuers/providers-file.ts";
import type { ContentStore } from "../ports/content-store.ts";
import type { AgentInfo, HostAgent } from "../ports/host-agent.ts";
import type { Ledger } from "../ports/ledger.ts";
import type { Router } from "../ports/router.ts";
import type { SecretProvider } from "../ports/secrets.ts";
import type { Tracker } from "../ports/tracker.ts";
import type { Target } from "../ports/target.ts";
import type { Db } from "../store/schema.ts";
import type { LedgerLog } from "./ledger/log.ts";

/** Lengths of time that decide how the engine feels, in milliseconds, and limits. */
export interface EngineSettings {
  /** How long a lane stays with a worker that is not heard of. */
  readonly leaseMs: number;
  /** How often a worker looks for lanes that no wake-up told it of. */
  readonly sweepMs: number;
  /** How long one look may take, whatever it asks; a longer one is given up, named, and taken again. */
  readonly lookMs: number;
  /** How often a step that waits for a machine looks again. */
  readonly pollMs: number;
  /** Checks of one promotion that run at the same time, at most. */
  readonly checksAtOnce: number;
  /** While a check runs: how often it is looked at who holds the sockets, and how often all is proven. */
  readonly identityLookMs: number;
  readonly identityProofMs: number;
  /** How long an instance that is being started again is waited for before the last proof after a check. */
  readonly restartMs: number;
  /** A wait that looks again within this time keeps its lease; a longer one gives it back. */
  readonly keepLeaseMs: number;
  /** Pause before asking an agent again that did not answer. */
  readonly agentAwayMs: number;
  /** How long somebody who signed in may do nothing, and how long a sign-in counts at most. */
  readonly sessionIdleMs: number;
  readonly sessionMs: number;
  /** How long what the ledger says has to be kept before anybody may erase it. */
  readonly retentionMs: number;
  /** How often the agent hears that a control plane is there, and its journal is read. */
  readonly heartbeatMs: number;
  /** How often unpacked releases that nothing needs are removed. */
  readonly collectMs: number;
  /** How often it is looked whether a check of what is live is due again, and how long one rests after any answer. */
  readonly rescanLookMs: number;
  readonly rescanRetryMs: number;
  /** The longest report that is taken in, bytes. */
  readonly reportBytes: number;
  /** How often it is looked whether findings rank otherwise: an import, a feed, a promotion, an act, a clock. */
  readonly rankMs: number;
  /** How often it is looked whether the table of findings is worth a cleaning. */
  readonly tidyMs: number;
  /** How often it is looked for findings that wait in no tracker yet, and how often an issue is read again. */
  readonly trackMs: number;
  readonly trackAgainMs: number;
  /** Origins of identity providers on private networks or on this machine that may be asked for keys: by the server's owner. */
  readonly issuerOrigins: readonly string[];
}

export const defaultSettings: EngineSettings = {
  leaseMs: 10_000,
  sweepMs: 5_000,
  lookMs: 15 * 60_000,
  pollMs: 100,
  checksAtOnce: 4,
  identityLookMs: 1_000,
  identityProofMs: 5_000,
  restartMs: 5_000,
  keepLeaseMs: 2_500,
  agentAwayMs: 1_000,
  sessionIdleMs: 30 * 60_000,
  sessionMs: 12 * 3_600_000,
  retentionMs: 7 * 365.25 * 86_400_000,
  heartbeatMs: 2_000,
  collectMs: 3_600_000,
  rescanLookMs: 30_000,
  rescanRetryMs: 600_000,
  reportBytes: 2 * 1024 ** 3,
  rankMs: 5_000,
  tidyMs: 15_000,
  trackMs: 30_000,
  trackAgainMs: 3_600_000,
  issuerOrigins: [],
};

/**
 * Named places in the flow that a test may hook to kill or freeze this process exactly there. The server
 * passes none; there is no variable or flag that could.
 */
export interface EngineHooks {
  /** @param step place in the plan, where several steps of a kind have points of one name */
  reach(point: string, step?: number): Promise<void>;
}

/** Everything the engine needs from outside. Compose makes it; every function here takes it first. */
export interface Engine {
  /** New for every worker process: a restarted server never takes itself for the one before. */
  readonly worker: string;
  readonly db: Db;
  readonly ledger: Ledger<Db>;
  /** The same ledger as a tree: places, checkpoints, keys, and whether anything may be decided now. */
  readonly log: LedgerLog;
  readonly agent: HostAgent;
  /** What the agent said of itself when it was last reached; null before that. */
  readonly agentInfo: () => AgentInfo | null;
  readonly targetFor: (declaration: TargetDeclaration) => Target;
  readonly routerFor: (declaration: RouterDeclaration) => Router;
  readonly checks: ReadonlyMap<string, Check>;
  readonly secrets: ReadonlyMap<string, SecretProvider>;
  readonly trackers: ReadonlyMap<string, Tracker>;
  readonly askForReview: AskForReview;
  readonly content: ContentStore;
  /** Folder for reports while they are read; private to this server's user. */
  readonly spool: string;
  /** Check runs of this process by id; each can be told to stop. */
  readonly runningChecks: Map<string, { readonly lane: Lane; readonly stop: AbortController }>;
  /** Sends a wake-up for the lane in the caller's transaction. A hint: the sweep finds what it misses. */
  readonly wake: (tx: Db, lane: Lane) => Promise<void>;
  /**
   * Local signals after a commit, so that this process need not wait for a poll: something was announced,
   * a lane has work, a service's release was verified or created.
   */
  readonly signals: EventEmitter<{ change: []; lane: [Lane]; service: [string]; late: [] }>;
  readonly settings: EngineSettings;
  readonly hooks: EngineHooks | undefined;
  /** Where people sign in at somebody else's; absent: nowhere. */
  readonly providers?: KnownProviders;
  /** What happens in the background and concerns no caller. */
  readonly notice: (message: string) => void;
}
