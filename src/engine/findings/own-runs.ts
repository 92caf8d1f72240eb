import { asTidelockError } from "../../model/errors.ts";
import type { KeptReport } from "../../model/verdict.ts";
import { digestOf } from "../../model/canonical.ts";
import type { Digest } from "../../model/primitives.ts";
import { readPromotion } from "../../store/queries/promotions.ts";
import { readRelease } from "../../store/queries/catalogue.ts";
import { readRawReport } from "../../store/queries/evidence.ts";
import { type OwnRun, skipRun, untakenRuns } from "../../store/queries/findings-runs.ts";
import { knownPlan } from "../attest-promotion.ts";
import type { Engine } from "../engine.ts";
import { spool } from "./import/spool.ts";
import { type Standing, takeIn } from "./import/take-in.ts";

/**
 * Takes in what Tidelock's own runs of scanners reported, each once, whatever their verdict was. Read out of rows
 * each time, so a server that dies leaves it to the next one; two servers at once come to one import.
 */
export async function takeInOwnRuns(engine: Engine): Promise<void> {
  const scanners = [...engine.checks.values()]
    .filter(({ judgedBy }) => judgedBy === "observations")
    .map(({ id }) => id);
  if (scanners.length === 0) return;
  for (const run of await untakenRuns(engine.db, scanners, 20)) {
    try {
      await takeInRun(engine, run);
    } catch (error) {
      const { code, message } = asTidelockError(error);
      // What cannot be read today cannot be read tomorrow; everything else may pass.
      if (code === "invalid-input") await skipRun(engine.db, run.id, message);
      engine.notice(`the report of check ${run.id} is not among the findings: ${message}`);
    }
  }
}

async function takeInRun(engine: Engine, run: OwnRun): Promise<void> {
  const { db, settings } = engine;
  const bytes = await rawBytes(engine, run.report);
  if (typeof bytes === "string") return skipRun(db, run.id, bytes);
  const release = await readRelease(db, run.release);
  if (!release) return skipRun(db, run.id, "its release is gone");
  const looked = await whatItLooksAt(engine, run);
  if (looked === null) return skipRun(db, run.id, "its promotion demands no such check");
  const spooled = await spool(
    engine.spool,
    (async function* () {
      yield bytes;
    })(),
    settings.reportBytes,
  );
  try {
    await takeIn(
      engine,
      {
        service: run.service,
        // Files are the same wherever they are deployed.
        environment: run.phase === "static" ? null : run.environment,
        release,
        format: run.report.raw?.format ?? null,
        scan: null,
        by: "tidelock",
        checkRun: run.id,
        seenAt: run.ended_at,
      },
      spooled,
      async () => standingOf(run, looked),
    );
  } finally {
    await spooled.remove();
  }
}

/**
 * A check with one configuration is one scan, whatever address it met this time. With another configuration it is
 * another scan: one that was told to look away from something has not seen that it is gone.
 */
function standingOf({ id, name, uses, report, ended_at: at }: OwnRun, looked: Digest): Standing {
  return {
    tool: uses,
    subject: `check ${name} ${looked.slice("sha256:".length, "sha256:".length + 16)}`,
    trust: "own",
    vouchedBy: id,
    claims: false,
    madeAt: at.toISOString(),
    missing: [...whyNotWhole(report)],
    notes: [],
  };
}

/** Of the demand's configuration, without what only judges the hits. Null where its promotion has no such demand. */
async function whatItLooksAt(engine: Engine, run: OwnRun): Promise<Digest | null> {
  const promotion = await readPromotion(engine.db, run.promotion);
  const plan = promotion && knownPlan(promotion);
  const demand = plan?.checks.find(({ name }) => name === run.name);
  if (!demand) return null;
  const { failOn: _fail, warnOn: _warn, ...looks } = demand.with;
  return digestOf({ uses: demand.uses, phase: demand.phase, with: looks });
}

/** Why what a run does not show is not gone. */
function* whyNotWhole(report: KeptReport): Generator<string> {
  const { raw, verdict, identity } = report;
  const passed = verdict === "pass" || verdict === "warn";
  // A hit may fail a whole scan; every other verdict says that something of it counts for nothing.
  const whole = passed ? report.whole !== false : verdict === "fail" && report.whole === true;
  if (!whole) yield `the check did not come to its end: ${verdict}`;
  if (raw?.truncated) yield "its raw report was cut";
  const contradiction = identity?.contradiction ?? null;
  if (contradiction !== null) yield `it may have met somebody else: ${contradiction}`;
}

/** The raw report, or why there is none. */
async function rawBytes(engine: Engine, { raw }: KeptReport): Promise<Buffer | string> {
  if (raw === undefined) return "it handed back no raw report";
  if ("text" in raw) return raw.text === "" ? "its raw report is empty" : Buffer.from(raw.text);
  const bytes = await readRawReport(engine.db, raw.digest);
  if (bytes === undefined) return "its raw report was erased";
  return bytes.length === 0 ? "its raw report is empty" : bytes;
}
