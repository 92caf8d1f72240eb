import { asTidelockError } from "../model/errors.ts";
import { lookAtReviews } from "./access/recertification/recertification.ts";
import { recordFailedSignIns } from "./access/sign-in/failed-days.ts";
import { lookAtGlasses } from "./break-glass/use.ts";
import { promoteAutomatically } from "./promotions/auto-promotion.ts";
import { collectTrees } from "./check-runs/collect-trees.ts";
import { reevaluate } from "./contradictions/reevaluate.ts";
import type { Engine } from "./engine.ts";
import { takeInOwnRuns } from "./findings/own-runs.ts";
import { settleFindings } from "./findings/settle.ts";
import { importJournal } from "./lanes/journal-import.ts";
import { lanesOf } from "../store/queries/lanes.ts";
import { LateChecks } from "./check-runs/late-checks.ts";
import { Reconciler } from "./lanes/reconciler.ts";
import { FindingRanking } from "./findings/rank.ts";
import { FindingTidying } from "./findings/tidy.ts";
import { expireWaivers } from "./waivers/expire.ts";
import { followTrackers } from "./trackers/follow.ts";
import { rescanLive } from "./check-runs/rescan.ts";

/** What one server process does in the background. Any number of them may share a database. */
export class EngineWorker {
  readonly #engine: Engine;
  readonly #reconciler: Reconciler;
  readonly #late: LateChecks;
  readonly #ranking: FindingRanking;
  readonly #tidying: FindingTidying;
  #timers: NodeJS.Timeout[] = [];
  #background = new Set<Promise<void>>();

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#reconciler = new Reconciler(engine);
    this.#late = new LateChecks(engine);
    this.#ranking = new FindingRanking(engine);
    this.#tidying = new FindingTidying(engine.db);
  }

  start(): void {
    const { settings, signals } = this.#engine;
    this.#reconciler.start();
    signals.on("service", this.#serviceChanged);
    signals.on("late", this.#lookLate);
    this.#timers = [
      setInterval(() => this.#do("the agent", () => this.#greetAgent()), settings.heartbeatMs),
      setInterval(
        () => this.#do("automatic promotions", () => promoteAutomatically(this.#engine)),
        settings.sweepMs,
      ),
      setInterval(this.#lookLate, settings.sweepMs),
      setInterval(
        () => this.#do("checks of what is live", () => rescanLive(this.#engine)),
        settings.rescanLookMs,
      ),
      setInterval(
        () => this.#do("the order of findings", () => this.#ranking.look()),
        settings.rankMs,
      ),
      setInterval(
        () => this.#do("the table of findings", () => this.#tidying.look()),
        settings.tidyMs,
      ),
      setInterval(
        () => this.#do("reviews of who can do what", () => lookAtReviews(this.#engine)),
        settings.trackMs,
      ),
      setInterval(
        () => this.#do("failed sign-ins", () => recordFailedSignIns(this.#engine)),
        settings.trackMs,
      ),
      setInterval(() => this.#do("trackers", () => followTrackers(this.#engine)), settings.trackMs),
      setInterval(
        () => this.#do("reports of checks", () => takeInOwnRuns(this.#engine)),
        settings.sweepMs,
      ),
      setInterval(
        () => this.#do("findings of what is live", () => settleFindings(this.#engine)),
        settings.sweepMs,
      ),
      setInterval(
        () => this.#do("accepted risks", () => expireWaivers(this.#engine)),
        settings.sweepMs,
      ),
      setInterval(
        () => this.#do("broken glasses", () => lookAtGlasses(this.#engine)),
        settings.sweepMs,
      ),
      setInterval(
        () => this.#do("what came after decisions", () => reevaluate(this.#engine)),
        settings.sweepMs,
      ),
      setInterval(
        () => this.#do("unpacked releases", () => collectTrees(this.#engine)),
        settings.collectMs,
      ),
    ];
    this.#do("the agent", () => this.#greetAgent());
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#engine.signals.off("service", this.#serviceChanged);
    this.#engine.signals.off("late", this.#lookLate);
    await Promise.all([this.#reconciler.stop(), this.#late.stop()]);
    await Promise.all(this.#background);
  }

  readonly #lookLate = (): void => this.#do("checks out of band", () => this.#late.look());

  /** A control plane is here; and what did the agent do meanwhile? */
  async #greetAgent(): Promise<void> {
    await this.#engine.agent.call("control.heartbeat", { server: this.#engine.worker });
    await importJournal(this.#engine);
  }

  /** Something of the service was verified or created: what waits for it looks again. */
  readonly #serviceChanged = (service: string): void => {
    this.#do("a service's lanes", async () => {
      await promoteAutomatically(this.#engine, service);
      for (const lane of await lanesOf(this.#engine.db, service)) {
        this.#engine.signals.emit("lane", lane);
      }
    });
  };

  /** One thing of a kind at a time; what fails is tried at the next tick. */
  readonly #busy = new Set<string>();

  #do(what: string, work: () => Promise<void>): void {
    if (this.#busy.has(what)) return;
    this.#busy.add(what);
    const run = work()
      .catch((error: unknown) => {
        const { code, message } = asTidelockError(error);
        // The lanes say so where it matters, and the link says when it does not come back.
        if (code !== "unavailable") this.#engine.notice(`${what}: ${message}`);
      })
      .finally(() => {
        this.#busy.delete(what);
        this.#background.delete(run);
      });
    this.#background.add(run);
  }
}
